using Bee.Ebpf.Objects;
using Bee.Posix;

namespace Bee.Ebpf.Records;

/// <summary>Binds values to the parameters of an object by name.</summary>
internal static class ParameterBinding
{
    /// <summary>Encodes values for the parameters of an object, and the defaults of its metadata for the others.</summary>
    /// <param name="file">The object with its metadata.</param>
    /// <param name="values">The values by name. See <see cref="ParameterEncoder"/> for values and <see cref="FindParameter"/> for names. Null keeps the default.</param>
    /// <returns>What <c>BpfSession.Load</c> takes.</returns>
    /// <exception cref="BpfParameterException">The object has no such parameter, or a value or a default does not fit.</exception>
    public static BoundParameters BindParameters(this ObjectFile file, IEnumerable<KeyValuePair<string, object?>>? values = null)
    {
        ArgumentNullException.ThrowIfNull(file);
        var bound = new List<BoundParameter>();
        foreach (var (name, value) in values ?? [])
        {
            var parameter = file.FindParameter(name);
            if (value is not null)
            {
                bound.RemoveAll(one => one.IsOf(parameter));
                bound.Add(new BoundParameter(parameter, ParameterEncoder.Encode(parameter, value)));
            }
        }

        foreach (var parameter in file.Parameters.Where(p => p.Metadata.Default is not null && !bound.Exists(one => one.IsOf(p))))
        {
            bound.Add(new BoundParameter(parameter, ParameterEncoder.Default(parameter)));
        }

        return new BoundParameters(bound);
    }

    /// <summary>Returns a parameter, or another global variable that can be set, by its name or its <see cref="ParameterDescription.Key"/>.</summary>
    /// <param name="file">The object.</param>
    /// <param name="name">The name. Case is ignored if the match is unique.</param>
    /// <exception cref="BpfParameterException">The name matches no parameter, or several.</exception>
    public static ParameterDescription FindParameter(this ObjectFile file, string name)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(name);
        if ((file.Parameters.FirstOrDefault(p => p.Name == name) ?? file.Parameters.FirstOrDefault(p => p.Key == name) ?? file.Globals.FirstOrDefault(p => p.Name == name)) is { } found)
        {
            return found;
        }

        // C is case-sensitive, but users often ignore case.
        ParameterDescription[] alike = [.. file.Parameters.Concat(file.Globals).Where(p => p.Name.Equals(name, StringComparison.OrdinalIgnoreCase) || p.Key.Equals(name, StringComparison.OrdinalIgnoreCase))];
        return alike.Length == 1 ? alike[0] : throw BpfParameterException.Unknown(file, name);
    }
}

/// <summary>Encodes values of global variables, typed by BTF.</summary>
internal static class ParameterEncoder
{
    /// <summary>Encodes the value of a parameter.</summary>
    /// <param name="parameter">The parameter.</param>
    /// <param name="value">
    /// A number, or text with one (decimal or 0x hex); for enums, errno and signals a name or a number; for <c>char</c> arrays text; for other arrays a list, which is padded with zeros, or a single
    /// value; for structs a dictionary by field name, where missing fields keep the program's value. Typedefs with a meaning accept what their properties return (addresses as text, ports in host order,
    /// nanoseconds), and <see cref="System.Net.IPAddress"/>, <see cref="TimeSpan"/>, <see cref="DateTime"/>, durations with a unit such as "1.5ms", and names of users, groups and system calls.
    /// </param>
    /// <returns>The bytes, as many as the parameter has.</returns>
    /// <exception cref="BpfParameterException">The value has the wrong type, or is out of range.</exception>
    public static byte[] Encode(ParameterDescription parameter, object? value)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        var bytes = Default(parameter);
        Write(parameter, value, bytes);
        return bytes;
    }

    /// <summary>Returns the bytes of a parameter that is not set: the default of its metadata, else the value in the object.</summary>
    /// <param name="parameter">The parameter.</param>
    /// <returns>The bytes, as many as the parameter has.</returns>
    /// <exception cref="BpfParameterException">The default of the metadata does not fit.</exception>
    public static byte[] Default(ParameterDescription parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        var bytes = new byte[parameter.Size];
        var known = Math.Min(bytes.Length, parameter.Default.Length);
        parameter.Default.Span[..known].CopyTo(bytes);
        if (parameter.Metadata.Default is { } value)
        {
            Write(parameter, value, bytes);
        }

        return bytes;
    }

    private static void Write(ParameterDescription parameter, object? value, byte[] bytes)
    {
        try
        {
            var shape = ShapeReader.Read(parameter.Type, parameter.Name);
            if (shape.Size > bytes.Length)
            {
                throw new EncodeException($"its type needs {Quantity.Of(shape.Size, "byte")}, and it has {bytes.Length}.");
            }

            ValueEncoder.Write(shape, value, bytes.AsSpan(0, shape.Size));
        }
        catch (EncodeException fault)
        {
            throw new BpfParameterException(parameter.Name, parameter.TypeName, fault.Message);
        }
    }
}

/// <summary>The exception for a parameter that does not exist, or for a value that does not fit its type.</summary>
public sealed class BpfParameterException : BeeException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="parameter">The name of the parameter.</param>
    /// <param name="typeName">The C type of the parameter; null if it does not exist.</param>
    /// <param name="message">A sentence about the fault, without the parameter's name if the parameter has a type.</param>
    public BpfParameterException(string parameter, string? typeName, string message)
        : base(typeName is null ? "ParameterNotFound" : "BadParameter", typeName is null ? message : $"Parameter '{parameter}' ({typeName}): {message}")
    {
        Parameter = parameter;
        TypeName = typeName;
    }

    /// <summary>The name of the parameter.</summary>
    public string Parameter { get; }

    /// <summary>The C type of the parameter; null if it does not exist.</summary>
    public string? TypeName { get; }

    /// <summary>If the parameter does not exist: similar names, nearest first; all names if none is similar.</summary>
    public IReadOnlyList<string> Suggestions { get; init; } = [];

    internal static BpfParameterException Unknown(ObjectFile file, string name)
    {
        string[] known = [.. file.Parameters.Select(p => p.Key)];
        var near = Suggest.Nearest(name, known.Concat(file.Globals.Select(global => global.Name)), 3);
        var message = known.Length == 0
            ? $"{file.Name} has no parameters, so '{name}' cannot be set."
            : $"There is no parameter '{name}' in {file.Name}. Its parameters: {string.Join(", ", file.Parameters.Select(p => $"{p.Key} ({p.TypeName})"))}.";
        return new BpfParameterException(name, null, message) { Suggestions = near.Count > 0 ? near : known, Remedy = "Parameters are global variables of the object, usually const volatile ones." };
    }
}
