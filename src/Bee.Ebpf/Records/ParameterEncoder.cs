using Bee.Ebpf.Objects;
using Bee.Posix;

namespace Bee.Ebpf.Records;

/// <summary>Turns values that people give into the bytes of a program's <c>const volatile</c> globals, typed by BTF.</summary>
public static class ParameterEncoder
{
    /// <summary>Makes the bytes of a parameter from a value.</summary>
    /// <param name="parameter">The parameter.</param>
    /// <param name="value">
    /// A number, or text that reads as one (decimal or 0x hex); for enums, errno and signals a name or a number; for <c>char</c> arrays text; for other
    /// arrays a list, behind which the rest of the array is zero; for structs a dictionary by field name, where missing fields keep the program's own
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
                throw new EncodeException($"its type needs {shape.Size} bytes, and it has {bytes.Length}.");
            }

            ValueEncoder.Write(shape, value, bytes.AsSpan(0, shape.Size));
        }
        catch (EncodeException fault)
        {
            throw new BpfParameterException(parameter.Name, parameter.TypeName, fault.Message);
        }
    }
}

/// <summary>A value cannot be given to a program's parameter. The message names the parameter, its C type and what is wrong.</summary>
public sealed class BpfParameterException : BeeException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="parameter">The parameter's name.</param>
    /// <param name="typeName">Its type as C writes it.</param>
    /// <param name="message">What is wrong, as a sentence without the parameter's name.</param>
    public BpfParameterException(string parameter, string typeName, string message)
        : base("BadParameter", $"Parameter '{parameter}' ({typeName}): {message}")
    {
        Parameter = parameter;
        TypeName = typeName;
    }

    /// <summary>The parameter's name.</summary>
    public string Parameter { get; }

    /// <summary>The parameter's type as C writes it.</summary>
    public string TypeName { get; }
}
