using Bee.Ebpf.Btf;
using Bee.Ebpf.Interop;
using Bee.Posix;

namespace Bee.Ebpf.Host;

/// <summary>A kernel that programs are checked against: the running one, or one of which only the types are at hand.</summary>
public sealed class TargetKernel
{
    private const string TypesFolder = "/sys/kernel/btf";

    private readonly Lazy<IReadOnlyList<KernelModule>> _modules;

    private readonly Lazy<KernelNames> _names;

    private TargetKernel(string name, BtfSpec? types, bool isRunning, string? problem, Func<IReadOnlyList<KernelModule>> modules)
    {
        Name = name;
        Types = types;
        IsRunning = isRunning;
        Problem = problem;
        _modules = new Lazy<IReadOnlyList<KernelModule>>(modules);
        _names = new Lazy<KernelNames>(() => new KernelNames(this));
    }

    /// <summary>What to call it: the running kernel's release, or the file's path.</summary>
    public string Name { get; }

    /// <summary>The kernel's types, or null where it shows none.</summary>
    public BtfSpec? Types { get; }

    /// <summary>Why there are no types, or null.</summary>
    public string? Problem { get; }

    /// <summary>True for the kernel that this process runs on, of which more than the types can be asked.</summary>
    public bool IsRunning { get; }

    /// <summary>The types of the loaded modules; none for a kernel from a file. Read when first asked for.</summary>
    public IReadOnlyList<KernelModule> Modules => _modules.Value;

    internal KernelNames Names => _names.Value;

    /// <summary>The kernel that this process runs on. Nothing is loaded into it.</summary>
    public static TargetKernel Running()
    {
        var release = ReadLine("/proc/sys/kernel/osrelease") ?? "this kernel";
        BtfSpec? types = null;
        string? problem = null;
        try
        {
            types = BtfSpec.ReadKernel();
        }
        catch (FileNotFoundException)
        {
            problem = $"this kernel does not show its types: there is no {BtfSpec.KernelPath} (CONFIG_DEBUG_INFO_BTF)";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or BpfObjectException)
        {
            problem = $"the kernel's types cannot be read from {BtfSpec.KernelPath}: {e.Message}";
        }

        return new TargetKernel(release, types, isRunning: true, problem, () => types is null ? [] : ReadModules(types));
    }

    /// <summary>A kernel of which only the types are at hand.</summary>
    /// <param name="path">Raw BTF, or an ELF file with a .BTF section, such as a vmlinux with debug information.</param>
    /// <returns>The kernel.</returns>
    /// <exception cref="BpfObjectException">The file holds no BTF, or its BTF is damaged.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static TargetKernel FromFile(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Directory.Exists(path)
            ? throw Named(new BpfObjectException(ObjectFault.NoBtf, "It is a folder. Give a file: a copy of a kernel's /sys/kernel/btf/vmlinux, or its vmlinux with debug information."), path)
            : Parse(path, RegularFile.ReadAllBytes(path));
    }

    /// <summary>The same of a file's content.</summary>
    internal static TargetKernel Parse(string path, byte[] file)
    {
        try
        {
            var section = BtfSection.Find(file) ?? throw new BpfObjectException(
                ObjectFault.NoBtf, "The file holds no type information (BTF). Give a copy of a kernel's /sys/kernel/btf/vmlinux, or its vmlinux with debug information.");
            return FromTypes(path, BtfSpec.ParseKernel(section.ToArray()));
        }
        catch (InvalidDataException e)
        {
            throw Named(new BpfObjectException(ObjectFault.DamagedElf, e.Message), path);
        }
        catch (BpfObjectException e)
        {
            throw Named(e, path);
        }
    }

    /// <summary>A kernel made of types that have been read already.</summary>
    /// <param name="name">What to call it.</param>
    /// <param name="types">The kernel's own types.</param>
    /// <param name="modules">Those of its modules.</param>
    internal static TargetKernel FromTypes(string name, BtfSpec types, params KernelModule[] modules) => new(name, types, isRunning: false, null, () => modules);

    private static List<KernelModule> ReadModules(BtfSpec below)
    {
        var modules = new List<KernelModule>();
        foreach (var file in Directory.EnumerateFiles(TypesFolder).Where(f => f != BtfSpec.KernelPath).Order(StringComparer.Ordinal))
        {
            try
            {
                modules.Add(new KernelModule(Path.GetFileName(file), BtfSpec.ParseKernel(RegularFile.ReadAllBytes(file), below)));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or BpfObjectException)
            {
                // A module may go while it is read, and what cannot be read has no types to offer.
            }
        }

        return modules;
    }

    private static BpfObjectException Named(BpfObjectException fault, string path)
    {
        fault.Name(path);
        return fault;
    }

    private static string? ReadLine(string path)
    {
        try
        {
            return RegularFile.ReadAllText(path).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

/// <summary>A kernel module that is loaded, and its types.</summary>
/// <param name="Name">The module's name.</param>
/// <param name="Types">Its types; their ids continue the kernel's.</param>
public sealed record KernelModule(string Name, BtfSpec Types);
