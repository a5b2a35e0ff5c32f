using System.Collections;
using Bee.Cmdlets.Fleet;
using Bee.Cmdlets.Registries;
using Bee.Cmdlets.Tools;
using Bee.Oci.Store;
using Bee.Posix;

namespace Bee.Cmdlets.Agents;

/// <summary>Reads the tool of a request. The policies of this machine apply to it; no registry is asked.</summary>
internal sealed class AgentTools : IDisposable
{
    private readonly string _folder = PrivateFolder.Make("bee-agent-");
    private readonly RegistryLink _link;

    /// <param name="archive">The OCI archive.</param>
    /// <param name="recordTypes">The record types from the user; null for none.</param>
    /// <param name="streams">Receives notes.</param>
    public AgentTools(ReadOnlyMemory<byte> archive, IDictionary? recordTypes, AgentStreams streams)
    {
        _link = new RegistryLink(streams, new RegistryLinkOptions());
        try
        {
            Local = new LocalImages(streams, streams, _folder);
            Image = ToolArchive.Import(archive, Local.Stores.Own, _link);
            Verifier = new ImageVerifier(Local, _link, streams, () => new VerificationOptions());
            Resolver = new ToolResolver(Local, _link, new ImagePuller(_link, Local, Verifier, streams), Verifier, new SourceCompiler(streams), streams, streams)
            {
                Pull = PullPolicy.Never,
                RecordTypes = RecordTypeNames.From(recordTypes),
            };
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The image of the tool, in a store of its own.</summary>
    public Image Image { get; }

    /// <summary>The store.</summary>
    public LocalImages Local { get; }

    /// <summary>Verifies the image.</summary>
    public ImageVerifier Verifier { get; }

    /// <summary>Reads the tool.</summary>
    public ToolResolver Resolver { get; }

    /// <summary>Deletes the store.</summary>
    public void Dispose()
    {
        _link.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
