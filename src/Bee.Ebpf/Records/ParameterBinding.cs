using Bee.Ebpf.Objects;
using Bee.Posix;

namespace Bee.Ebpf.Records;

/// <summary>Binds values to the parameters of an object: the one place where names are looked up and values are encoded.</summary>
internal static class ParameterBinding
{
    /// <summary>Encodes values for an object's parameters, and the author's defaults of those that get none.</summary>
    /// <param name="file">The object, with the metadata whose defaults count.</param>
    /// <param name="values">Values as <see cref="ParameterEncoder"/> takes them, by name as <see cref="FindParameter"/> takes it. Null keeps the default.</param>
    /// <returns>What <c>BpfSession.Load</c> takes.</returns>
    /// <exception cref="BpfParameterException">The object has no parameter of a name, or a value or a default does not fit.</exception>
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

    /// <summary>Returns a parameter, or another global that can be set, by its name or its <see cref="ParameterDescription.Key"/>.</summary>
    /// <param name="file">The object.</param>
    /// <param name="name">The name. Another case will do if only one parameter has it.</param>
    /// <exception cref="BpfParameterException">There is no such parameter, or there are several.</exception>
    public static ParameterDescription FindParameter(this ObjectFile file, string name)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(name);
        if ((file.Parameters.FirstOrDefault(p => p.Name == name) ?? file.Parameters.FirstOrDefault(p => p.Key == name) ?? file.Globals.FirstOrDefault(p => p.Name == name)) is { } found)
        {
            return found;
        }

        // C distinguishes case, and a user at a prompt seldom does.
        ParameterDescription[] alike = [.. file.Parameters.Concat(file.Globals).Where(p => p.Name.Equals(name, StringComparison.OrdinalIgnoreCase) || p.Key.Equals(name, StringComparison.OrdinalIgnoreCase))];
        return alike.Length == 1 ? alike[0] : throw BpfParameterException.Unknown(file, name);
    }
}

/// <summary>Turns values that people give into the bytes of a program's globals, typed by BTF.</summary>
internal static class ParameterEncoder
{
    /// <summary>Makes the bytes of a parameter from a value.</summary>
    /// <param name="parameter">The parameter.</param>
    /// <param name="value">
    /// A number, or text that reads as one (decimal or 0x hex); for enums, errno and signals a name or a number; for <c>char</c> arrays text; for other
    /// arrays a list, behind which the rest of the array is zero, or one value for a list of one; for structs a dictionary by field name, where missing fields keep the program's own
    /// value; for typedefs with meaning what their properties give (address text, host-order ports, nanoseconds) and also <see cref="System.Net.IPAddress"/>,
    /// <see cref="TimeSpan"/>, <see cref="DateTime"/>, durations with a unit such as "1.5ms", and names of users, groups and system calls.
    /// </param>
    /// <returns>As many bytes as the parameter has.</returns>
    /// <exception cref="BpfParameterException">The value is of the wrong kind or out of the type's range; the message says which range.</exception>
    public static byte[] Encode(ParameterDescription parameter, object? value)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        var bytes = Default(parameter);
        Write(parameter, value, bytes);
        return bytes;
    }

    /// <summary>The bytes of a parameter that nobody sets: its author's default, else the value in the file.</summary>
    /// <param name="parameter">The parameter.</param>
    /// <returns>As many bytes as the parameter has.</returns>
    /// <exception cref="BpfParameterException">The author's default does not fit.</exception>
    public static byte[] Default(ParameterDescription parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        var bytes = new byte[parameter.Size];
        var known = Math.Min(bytes.Length, parameter.Default.Length);
        parameter.Default.Span[..known].CopyTo(bytes);
        if (parameter.Metadata.Default is { } said)
        {
            Write(parameter, said, bytes);
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

/// <summary>A value cannot be given to a program's parameter: there is no parameter of the name, or the value does not fit its type.</summary>
public sealed class BpfParameterException : BeeException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="parameter">The parameter's name.</param>
    /// <param name="typeName">Its type as C writes it; null if the object has no such parameter.</param>
    /// <param name="message">What is wrong, as a sentence; without the parameter's name if it has a type.</param>
    public BpfParameterException(string parameter, string? typeName, string message)
        : base(typeName is null ? "ParameterNotFound" : "BadParameter", typeName is null ? message : $"Parameter '{parameter}' ({typeName}): {message}")
    {
        Parameter = parameter;
        TypeName = typeName;
    }

    /// <summary>The parameter's name.</summary>
    public string Parameter { get; }

    /// <summary>The parameter's type as C writes it; null if the object has no such parameter.</summary>
    public string? TypeName { get; }

    /// <summary>If the object has no such parameter: names close to it, nearest first; if none is close, all names.</summary>
    public IReadOnlyList<string> Suggestions { get; init; } = [];

    internal static BpfParameterException Unknown(ObjectFile file, string name)
    {
        string[] known = [.. file.Parameters.Select(p => p.Key)];
        var near = Suggest.Nearest(name, known.Concat(file.Globals.Select(global => global.Name)), 3);
        var message = known.Length == 0
            ? $"{file.Name} has no parameters, so '{name}' cannot be set."
            : $"There is no parameter '{name}' in {file.Name}. Its parameters: {string.Join(", ", file.Parameters.Select(p => $"{p.Key} ({p.TypeName})"))}.";
        return new BpfParameterException(name, null, message) { Suggestions = near.Count > 0 ? near : known, Remedy = "Parameters are the program's global variables, above all those that are const volatile." };
    }
}
