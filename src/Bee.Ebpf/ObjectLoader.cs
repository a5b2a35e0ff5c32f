using Bee.Ebpf.Checks;
using Bee.Ebpf.Host;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Links;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;
using Bee.Posix;

namespace Bee.Ebpf;

/// <summary>An object that libbpf has loaded.</summary>
/// <param name="File">The object, with the sizes and the choice of programs that it was loaded with.</param>
/// <param name="Handle">libbpf's object.</param>
/// <param name="Options">How its programs are attached.</param>
/// <param name="Targets">The attach targets of its programs; null if they cannot be attached.</param>
/// <param name="MissingPins">The pins of its maps that did not exist before it was loaded.</param>
internal sealed record LoadResult(ObjectFile File, ObjectHandle Handle, AttachOptions Options, AttachTargets? Targets, IReadOnlyList<(string Map, string Path)> MissingPins) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose()
    {
        Handle.Dispose();
        Targets?.Dispose();
    }
}

/// <summary>Checks the options of a session and loads its object.</summary>
internal static class ObjectLoader
{
    /// <summary>Loads an object whose programs can be attached.</summary>
    /// <exception cref="BpfLoadException">The options do not suit the object, or the kernel rejects it; nothing is left behind.</exception>
    /// <exception cref="BpfParameterException">A value, or a default of the metadata, does not suit its parameter.</exception>
    public static LoadResult Load(ObjectFile file, BpfSessionOptions options)
    {
        CheckNames(file, options);
        file = ProgramChoice.WithOptions(file, options.ForAttach());
        SupportedKinds.Check(file);
        return Load(file, options, attachable: true);
    }

    /// <summary>Loads an object whose programs cannot be attached, so they may be of any kind and need no target.</summary>
    /// <exception cref="BpfLoadException">The options do not suit the object, or the kernel rejects it; nothing is left behind.</exception>
    /// <exception cref="BpfParameterException">A value, or a default of the metadata, does not suit its parameter.</exception>
    public static LoadResult LoadUnattached(ObjectFile file, BpfSessionOptions options) => Load(file, options, attachable: false);

    private static LoadResult Load(ObjectFile file, BpfSessionOptions options, bool attachable)
    {
        KernelEnums.Apply(file);
        RecordType.Prepare(file);
        var parameters = file.BindParameters(options.Parameters);
        var attach = options.ForAttach();
        file = options.OnlyTargets && file.Filter is { } filter ? filter.WithRoom(file) : file;
        file = WithSizes(file.WithSizedMaps(parameters), options.MapSizes);
        Libbpf.Require();
        using var scope = LibbpfLog.Capture(options.Log);
        if (attachable)
        {
            file = ProgramChoice.Make(file, attach);
            RecordReads.Check(file, parameters);
        }

        var targets = attachable ? AttachTargets.Find(file, attach) : null;
        ObjectHandle? handle = null;
        try
        {
            handle = Prepare(file, options, attach, parameters, scope.Log);
            using var verdicts = new VerifierLogs(handle, [.. file.Programs.Where(p => p.AutoLoad).Select(p => p.Name)], VerifierLogs.Verdicts, VerifierLogs.VerdictSize);
            var missingPins = NamedPins.Missing(file);
            var result = LoadObject(handle);
            return result == 0 ? new LoadResult(file, handle, attach, targets, missingPins)
                : throw LoadFailure.Explain(file, -result, scope.Log.Text, verdicts.Of, program => Trace(file, options, attach, parameters, program));
        }
        catch
        {
            handle?.Dispose();
            targets?.Dispose();
            throw;
        }
    }

    private static ObjectHandle Prepare(ObjectFile file, BpfSessionOptions options, AttachOptions attach, BoundParameters parameters, LibbpfLog log)
    {
        var handle = ObjectSetup.Open(file, log);
        try
        {
            ObjectSetup.AdjustMaps(handle, file);
            ObjectSetup.SetInnerMaps(handle, file, options.InnerMaps);
            ProgramSetup.Adjust(handle, file, attach);
            ObjectSetup.WriteParameters(handle, file, parameters);
            if (options.OnlyTargets && file.Filter is { } filter)
            {
                ObjectSetup.WriteParameters(handle, file, filter.On());
            }

            return handle;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    // Loads the object again to get the verifier's log with all instructions. libbpf loads an object only once, so this opens it anew.
    private static (string Log, bool IsCut) Trace(ObjectFile file, BpfSessionOptions options, AttachOptions attach, BoundParameters parameters, string program)
    {
        using var scope = LibbpfLog.Capture(null);
        using var handle = Prepare(file, options, attach, parameters, scope.Log);
        using var logs = new VerifierLogs(handle, [program], VerifierLogs.Instructions, VerifierLogs.InstructionsSize);
        var isCut = LoadObject(handle) == -Libc.ENOSPC;
        var log = logs.Of(program);
        foreach (var line in options.Log is null ? [] : log.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            options.Log!(line);
        }

        return (log, isCut);
    }

    private static int LoadObject(ObjectHandle handle)
    {
        using var blocked = ChildSignals.BlockOnThread();
        return LibbpfCalls.bpf_object__load(handle);
    }

    private static void CheckNames(ObjectFile file, BpfSessionOptions options)
    {
        if (options.AttachTo.Keys.Concat(options.Load.Keys).FirstOrDefault(name => file.Programs.All(p => p.Name != name)) is { } unknown)
        {
            throw new BpfLoadException(LoadFault.BadParameter, $"The options {(options.AttachTo.ContainsKey(unknown) ? "set a target for" : "name")} program '{unknown}', which {file.Name} does not have.")
            {
                Suggestions = Suggest.Nearest(unknown, file.Programs.Select(p => p.Name), 5),
                Remedy = $"Its programs are {string.Join(", ", file.Programs.Select(p => p.Name))}.",
            };
        }
    }

    private static ObjectFile WithSizes(ObjectFile file, IDictionary<string, uint> sizes)
    {
        foreach (var (name, entries) in sizes)
        {
            var map = file.Maps.FirstOrDefault(map => map.Name == name);
            if ((map is null ? $"{file.Name} has no map '{name}'." : MapSizes.WhyNot(map, entries)) is { } why)
            {
                throw new BpfLoadException(LoadFault.MapSize, $"The size of a map in the options is invalid: {why}")
                {
                    Suggestions = map is null ? Suggest.Nearest(name, file.Maps.Where(m => !m.IsInternal).Select(m => m.Name), 5) : [],
                };
            }
        }

        file = sizes.Count == 0 ? file : file.WithMetadata(new ObjectMetadata { Maps = sizes.ToDictionary(size => size.Key, size => new MapMetadata { Entries = size.Value }) });
        ObjectSetup.CheckSizes(file);
        return file;
    }
}
