using System.Runtime.InteropServices;
using System.Text;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Programs;

namespace Bee.Ebpf;

/// <summary>Changes an object between opening and loading: its parameters and the sizes of its maps.</summary>
internal static class ObjectSetup
{
    /// <summary>Opens the object in libbpf.</summary>
    /// <exception cref="BpfLoadException">libbpf does not accept the object.</exception>
    public static unsafe ObjectHandle Open(ObjectFile file, LibbpfLog log)
    {
        // libbpf names the maps of globals after the object, and the kernel accepts only letters, digits and underscores.
        var name = new StringBuilder();
        foreach (var c in Path.GetFileNameWithoutExtension(file.Name))
        {
            if (char.IsAsciiLetterOrDigit(c) || c == '_')
            {
                name.Append(c);
            }
        }

        var nameBytes = Encoding.ASCII.GetBytes((name.Length == 0 ? "bee" : name.ToString()) + '\0');
        var image = ProgramReader.WithGlobalPrograms(file);
        fixed (byte* bytes = image.Span, nameStart = nameBytes)
        {
            var options = new LibbpfCalls.OpenOptions { Size = (nuint)sizeof(LibbpfCalls.OpenOptions), ObjectName = nameStart };
            var pointer = LibbpfCalls.bpf_object__open_mem(bytes, (nuint)image.Length, &options);
            return pointer != 0 ? new ObjectHandle(pointer) : throw LoadFailure.ExplainOpen(file, Marshal.GetLastPInvokeError(), log.Text);
        }
    }

    /// <summary>Writes the values of parameters into the opened object.</summary>
    public static unsafe void WriteParameters(ObjectHandle handle, ObjectFile file, BoundParameters parameters)
    {
        foreach (var value in parameters.Values)
        {
            var map = LibbpfCalls.bpf_object__find_map_by_name(handle, value.Parameter.Section);
            nuint size = 0;
            var memory = map == 0 ? null : LibbpfCalls.bpf_map__initial_value(map, &size);
            if (memory is null || (nuint)value.Parameter.Offset + (nuint)value.Bytes.Length > size)
            {
                throw new BpfLoadException(LoadFault.BadObject, $"Parameter '{value.Parameter.Name}' lies outside section '{value.Parameter.Section}' of {file.Name}.")
                {
                    Remedy = "Compile the object again.",
                };
            }

            value.Bytes.CopyTo(new Span<byte>(memory + value.Parameter.Offset, value.Bytes.Length));
        }
    }

    /// <summary>Checks that every map has a size.</summary>
    /// <exception cref="BpfLoadException">A map or an inner map has no size.</exception>
    public static void CheckSizes(ObjectFile file)
    {
        var lacking = file.Maps.Where(MapSizes.LacksEntries).ToList();
        if (lacking.Count > 0)
        {
            throw new BpfLoadException(LoadFault.MapSize, $"{file.Name} declares maps without a size, and the options do not set one: {string.Join(", ", lacking.Select(map => $"{map.Name} ({map.Type})"))}.")
            {
                Remedy = $"Declare the sizes (__uint(max_entries, 10240)), or set them in bee.yaml: maps: {{ {lacking[0].Name}: {{ entries: 10240 }} }}.",
            };
        }

        if (file.Maps.FirstOrDefault(MapSizes.LacksInnerEntries) is { Inner: { } inner } outer)
        {
            throw new BpfLoadException(LoadFault.MapCreate, $"Map '{outer.Name}' declares its inner maps ({inner.Type}) without a size, and the kernel accepts only inner maps of the declared size.")
            {
                Remedy = "Declare the size in the struct of the inner maps: __uint(max_entries, 1024), or __uint(map_flags, BPF_F_INNER_MAP) for arrays of any length.",
            };
        }
    }

    /// <summary>
    /// Sets the sizes of maps. For a ring or perf buffer, <c>__type(value, struct event)</c> declares its records and libbpf takes it for the size of a value. The kernel requires
    /// size 0 for a ring buffer, and the size of an fd for a perf event array.
    /// </summary>
    public static void AdjustMaps(ObjectHandle handle, ObjectFile file)
    {
        foreach (var map in file.Maps.Where(m => !m.IsInternal && m.Type != MapType.StructOps))
        {
            if (LibbpfCalls.bpf_object__find_map_by_name(handle, map.Name) is not 0 and var pointer)
            {
                Adjust(pointer, map);
                if (map.Inner is { } inner && MapSizes.LacksEntries(inner))
                {
                    _ = SetTemplate(handle, pointer, inner);
                }
            }
        }
    }

    /// <summary>Creates the inner maps that the options describe, as templates for their outer maps.</summary>
    /// <exception cref="BpfLoadException">The object has no such outer map, or the kernel rejects the inner map.</exception>
    public static void SetInnerMaps(ObjectHandle handle, ObjectFile file, IEnumerable<KeyValuePair<string, InnerMapOptions>> innerMaps)
    {
        foreach (var (name, inner) in innerMaps)
        {
            if (file.Maps.FirstOrDefault(map => map.Name == name) is not { Type: MapType.ArrayOfMaps or MapType.HashOfMaps })
            {
                string[] names = [.. file.Maps.Where(map => map.Type is MapType.ArrayOfMaps or MapType.HashOfMaps).Select(map => map.Name)];
                throw new BpfLoadException(LoadFault.BadParameter, $"The options describe inner maps of '{name}', which is not a map of maps in {file.Name}.")
                {
                    Suggestions = Suggest.Nearest(name, names, 3),
                    Remedy = names.Length > 0 ? $"Its maps of maps are {string.Join(", ", names)}." : $"{file.Name} has no maps of maps.",
                };
            }

            var description = new MapDescription { Name = name, Type = inner.Type, KeySize = inner.KeySize, ValueSize = inner.ValueSize, MaxEntries = inner.MaxEntries, Flags = inner.Flags };
            if (SetTemplate(handle, LibbpfCalls.bpf_object__find_map_by_name(handle, name), description) is < 0 and var error)
            {
                throw new BpfLoadException(LoadFault.MapCreate, $"The kernel does not create the inner map of '{name}' ({inner.Type}, key {inner.KeySize}, value {inner.ValueSize} bytes, {inner.MaxEntries} entries): {LibbpfText.Describe(-error)}.")
                {
                    Errno = -error,
                    Remedy = "Check that its sizes and flags suit its type.",
                };
            }
        }
    }

    // libbpf would create the template with the declared 0 entries, and has no call to change them.
    private static unsafe int SetTemplate(ObjectHandle handle, nint outer, MapDescription inner)
    {
        var options = new LibbpfCalls.MapOptions { Size = (nuint)sizeof(LibbpfCalls.MapOptions), Flags = inner.Flags };
        var fd = LibbpfCalls.bpf_map_create((int)inner.Type, "bee_inner", inner.KeySize, inner.ValueSize, MapSizes.TemplateEntries(inner), &options);
        if (fd >= 0)
        {
            handle.Keep(new FdHandle(fd));
            return LibbpfCalls.bpf_map__set_inner_map_fd(outer, fd);
        }

        return fd;
    }

    // The setters fail only after the object is loaded.
    private static void Adjust(nint pointer, MapDescription map)
    {
        if (map.IsEventStream)
        {
            var size = map.Type == MapType.RingBuffer ? 0u : sizeof(int);
            _ = LibbpfCalls.bpf_map__set_key_size(pointer, size);
            _ = LibbpfCalls.bpf_map__set_value_size(pointer, size);
        }
        else if (map.Type == MapType.StackTrace)
        {
            _ = LibbpfCalls.bpf_map__set_value_size(pointer, map.ValueSize);
        }

        if (map.MaxEntries > 0)
        {
            _ = LibbpfCalls.bpf_map__set_max_entries(pointer, map.MaxEntries);
        }
    }
}
