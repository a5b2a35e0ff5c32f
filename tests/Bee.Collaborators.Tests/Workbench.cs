using Bee.Cmdlets.Base;
using Bee.Cmdlets.Registries;
using Bee.Cmdlets.Tools;
using Bee.Ebpf.Objects;
using Bee.Oci.Formats;
using Bee.Oci.Store;
using Bee.Oci.Transfer;
using Bee.Registries;
using ProgressRecord = System.Management.Automation.ProgressRecord;

namespace Bee.Cmdlets.Collaborators.Tests;

/// <summary>Records the output of a collaborator, with the test's own folder as location.</summary>
internal sealed class Session(string folder) : ICmdletStreams, ISessionLocation
{
    public List<string> Notes { get; } = [];

    public List<string> Warnings { get; } = [];

    public List<(Exception Error, object? Target)> Errors { get; } = [];

    public string CurrentFolder => folder;

    public CancellationToken Stop => default;

    public string FullPath(string path) => Path.GetFullPath(path, folder);

    public void WriteNote(string text) => Notes.Add(text);

    public void WriteWarning(string text) => Warnings.Add(text);

    public void WriteError(Exception error, object? target) => Errors.Add((error, target));

    public void WriteDebug(string text)
    {
    }

    public void WriteProgress(ProgressRecord record)
    {
    }
}

/// <summary>The collaborators of one cmdlet, with the test's own store and registry.</summary>
internal sealed class Workbench : IDisposable
{
    private static readonly Lazy<byte[]> s_object = new(() => Compile(Sources.Program("raw_tp/sys_enter")));

    private readonly TempFolder _folder = new();

    public Workbench(VerificationOptions? options = null, PullPolicy pull = PullPolicy.Missing)
    {
        Session = new Session(_folder.Path);
        Local = new LocalImages(Session, Session, "store");
        Link = new RegistryLink(Session, new RegistryLinkOptions());
        Verifier = new ImageVerifier(Local, Link, Session, () =>
        {
            OptionsRead++;
            return options ?? new VerificationOptions();
        });
        Puller = new ImagePuller(Link, Local, Verifier, Session);
        Tools = new ToolResolver(Local, Link, Puller, Verifier, new SourceCompiler(Session), Session, Session) { Pull = pull };
    }

    /// <summary>A program that attaches to every system call and does nothing.</summary>
    public static byte[] Object => s_object.Value;

    /// <summary>Returns the object of a C source.</summary>
    public static byte[] Compile(string source)
    {
        using var folder = new TempFolder();
        return new SourceCompiler(new Session(folder.Path)).CompileAndReport(BuildSource.Find(folder.Write("tool.bpf.c", source)).Request([]))!.Object!;
    }

    public Session Session { get; }

    public FaultyRegistry Registry { get; } = new();

    public LocalImages Local { get; }

    public RegistryLink Link { get; }

    public ImageVerifier Verifier { get; }

    public ImagePuller Puller { get; }

    public ToolResolver Tools { get; }

    /// <summary>How many times the verification options were read.</summary>
    public int OptionsRead { get; private set; }

    /// <summary>Returns the reference of a tag in the registry.</summary>
    public ImageReference Remote(string tag = "v1") => ImageReference.Parse($"{Registry.Host}/me/tool:{tag}");

    public string Write(string name, string text) => _folder.Write(name, text);

    public string Write(string name, byte[] content)
    {
        File.WriteAllBytes(_folder[name], content);
        return _folder[name];
    }

    /// <summary>Adds an image to the store.</summary>
    public Image Add(ImageReference name, Platform? platform = null, string? description = null) => Local.Stores.Own.Add(
        new ImageContent
        {
            Program = Object,
            Config = ImageConfigs.From(ObjectFile.Read(Object, "tool.o")),
            Platform = platform ?? Platform.Host,
            Description = description,
        },
        name);

    /// <summary>Pushes an image to the registry only, not to the store.</summary>
    public Image Publish(string tag = "v1", string? description = null)
    {
        Image image = Add(Remote(tag), description: description);
        var transfer = new ImageTransfer(Link.Transfer(new TransferProgress()));
        Link.Wait(cancellationToken => transfer.PushAsync(Local.Stores.Own, image, Link.Repository(Remote(tag)), tag, cancellationToken));
        Local.Stores.Own.Remove(image.Reference);
        Session.Notes.Clear();
        return image;
    }

    public void Dispose()
    {
        Link.Dispose();
        Registry.Dispose();
        _folder.Dispose();
    }
}
