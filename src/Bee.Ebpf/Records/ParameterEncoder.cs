namespace Bee.Ebpf;

/// <summary>Turns values that people give into the bytes of a program's <c>const volatile</c> globals, typed by BTF.</summary>
public static class ParameterEncoder
{
    /// <summary>Makes the bytes of a parameter from a value.</summary>
    /// <param name="parameter">The parameter.</param>
    /// <param name="value">
    /// A number, or text that reads as one (decimal or 0x hex); for enums, errno and signals a name or a number; for <c>char</c> arrays text; for other
    /// arrays a list, where missing elements keep the program's own; for structs a dictionary by field name, likewise; for typedefs with
    /// meaning what their properties give (address text, host-order ports, nanoseconds) and also <see cref="System.Net.IPAddress"/>,
    /// <see cref="TimeSpan"/>, <see cref="DateTime"/>, and durations with a unit such as "1.5ms".
    /// </param>
    /// <returns>As many bytes as the parameter has.</returns>
    /// <exception cref="BpfParameterException">The value is of the wrong kind or out of the type's range; the message says which range.</exception>
    public static byte[] Encode(ParameterDescription parameter, object value) => throw new NotImplementedException();
}
