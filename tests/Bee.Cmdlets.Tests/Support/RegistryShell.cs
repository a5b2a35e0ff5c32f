using System.Management.Automation;

namespace Bee.Cmdlets.Tests;

/// <summary>A shell and a store with a small image that can be given any name.</summary>
internal sealed class RegistryShell : IDisposable
{
    private static readonly string s_text = Sources.Program("raw_tp/sys_enter");

    /// <summary>The store that each test starts with.</summary>
    public static readonly BuiltStore Built = new((shell, store) =>
    {
        using var folder = new TempFolder();
        shell.Objects("$null = Invoke-BeeBuild $source -Tag tool:v1 -Store $store", ("source", folder.Write("tool.bpf.c", s_text)), ("store", store));
    });

    private readonly TempFolder _folder = new();

    public RegistryShell()
    {
        Source = _folder.Write("tool.bpf.c", s_text);
        Built.CopyTo(Store);
    }

    /// <summary>The shell.</summary>
    public Shell Shell { get; } = new();

    /// <summary>The C file of the image.</summary>
    public string Source { get; }

    /// <summary>The folder of the store, which contains tool:v1.</summary>
    public string Store => _folder["store"];

    /// <summary>Returns the path of a file or folder of the test.</summary>
    public string this[string name] => _folder[name];

    /// <summary>Returns the digest of a name in the store.</summary>
    public string Digest(string reference) => $"{Assert.Single(Objects("(Get-BeeImage $reference -Store $store).Digest", ("reference", reference)))}";

    /// <summary>Builds another image, so that a name can change its digest.</summary>
    public string BuildAnother(string reference)
    {
        Objects("$null = Invoke-BeeBuild $source -Tag $reference -Description another -Store $store", ("source", Source), ("reference", reference));
        return Digest(reference);
    }

    /// <summary>Runs a script that must succeed, and returns its output. $store is the store.</summary>
    public IReadOnlyList<PSObject> Objects(string script, params (string, object?)[] variables) => Shell.Objects(script, [("store", Store), .. variables]);

    /// <summary>Runs a script that must fail with one error, and returns the error.</summary>
    public ErrorRecord Error(string script, params (string, object?)[] variables) => Shell.Error(script, [("store", Store), .. variables]);

    /// <summary>Runs a script with -Verbose, and returns the messages without the output.</summary>
    public string Verbose(string script, params (string, object?)[] variables) => string.Join('\n', Objects($"{script} -Verbose 4>&1", variables)
        .Where(item => item.BaseObject is VerboseRecord));

    public void Dispose()
    {
        Shell.Dispose();
        _folder.Dispose();
    }
}
