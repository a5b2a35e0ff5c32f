using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;

namespace Bee.Ebpf;

/// <summary>Sets a program's <c>const volatile</c> globals between opening and loading, while their map is still plain memory.</summary>
internal static class ParameterValues
{
    /// <summary>Turns named values, and the author's defaults of parameters that have none, into bytes.</summary>
    /// <exception cref="BpfLoadException">A name is not a parameter's.</exception>
    /// <exception cref="BpfParameterException">A value or a default does not fit.</exception>
    public static List<(ParameterDescription Parameter, byte[] Bytes)> Encode(ObjectFile file, IReadOnlyDictionary<string, object?> values)
    {
        var encoded = new List<(ParameterDescription, byte[])>();
        foreach (var (name, value) in values)
        {
            var parameter = file.Parameters.FirstOrDefault(p => p.Name == name) ?? throw Unknown(file, name);
            // No value: the program's own default stays.
            if (value is not null)
            {
                encoded.Add((parameter, ParameterEncoder.Encode(parameter, value)));
            }
        }

        foreach (var parameter in file.Parameters.Where(p => p.Metadata.Default is not null && values.GetValueOrDefault(p.Name) is null))
        {
            encoded.Add((parameter, ParameterEncoder.Default(parameter)));
        }

        return encoded;
    }

    /// <summary>Writes the bytes into the opened object.</summary>
    public static unsafe void Write(ObjectHandle handle, ObjectFile file, List<(ParameterDescription Parameter, byte[] Bytes)> values)
    {
        foreach (var (parameter, bytes) in values)
        {
            var map = LibbpfCalls.FindMap(handle, parameter.Section);
            nuint size = 0;
            var memory = map == 0 ? null : LibbpfCalls.InitialValue(map, &size);
            if (memory is null || (nuint)parameter.Offset + (nuint)bytes.Length > size)
            {
                throw new BpfLoadException(LoadFault.BadObject, $"Parameter '{parameter.Name}' lies outside of section '{parameter.Section}' of {file.Name}.");
            }

            bytes.CopyTo(new Span<byte>(memory + parameter.Offset, bytes.Length));
        }
    }

    private static BpfLoadException Unknown(ObjectFile file, string name)
    {
        var known = file.Parameters.Select(p => p.Name).ToArray();
        var near = Suggest.Nearest(name, known, 3);
        return new BpfLoadException(LoadFault.BadParameter, $"The program has no parameter '{name}'.")
        {
            Suggestions = near.Count > 0 ? near : known,
            Remedy = known.Length == 0
                ? "It has no parameters at all: they are globals declared as const volatile."
                : $"Its parameters are {string.Join(", ", file.Parameters.Select(p => $"{p.Name} ({p.TypeName})"))}.",
        };
    }
}

/// <summary>Makes maps loadable whose declarations leave a size to whoever loads them.</summary>
internal static class MapSizes
{
    /// <summary>
    /// <c>__type(value, struct event)</c> on a ring or perf buffer says what its records are, and libbpf takes it for the size of a value;
    /// the kernel wants no value in a ring, and a descriptor's size in a perf event array.
    /// </summary>
    public static void Adjust(ObjectHandle handle, ObjectFile file)
    {
        foreach (var map in file.Maps.Where(m => m.IsEventStream || file.Parameters.Any(p => p.SizesMap == m.Name)))
        {
            if (LibbpfCalls.FindMap(handle, map.Name) is not 0 and var pointer)
            {
                Adjust(pointer, map);
            }
        }
    }

    // The setters fail only once the object is loaded.
    private static void Adjust(nint pointer, MapDescription map)
    {
        if (map.IsEventStream)
        {
            var size = map.Type == MapType.RingBuffer ? 0u : sizeof(int);
            _ = LibbpfCalls.SetKeySize(pointer, size);
            _ = LibbpfCalls.SetValueSize(pointer, size);
        }

        if (map.MaxEntries > 0)
        {
            _ = LibbpfCalls.SetMaxEntries(pointer, map.MaxEntries);
        }
    }
}
