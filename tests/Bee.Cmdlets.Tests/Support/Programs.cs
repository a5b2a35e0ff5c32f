namespace Bee.Cmdlets.Tests;

/// <summary>Objects that the tests share, compiled once, and a store that contains them.</summary>
public sealed class Programs : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Dictionary<(string Name, string Source), string> _compiled = [];

    public Programs()
    {
        using var shell = new Shell();
        foreach (string name in new[] { "opensnoop", "execsnoop" })
        {
            shell.Objects(
                "Invoke-BeeBuild $source -Tag $tag -OutFile $object -Store $store",
                ("source", BeeModule.File("examples", name, $"{name}.bpf.c")), ("tag", $"test/{name}:v1"), ("object", _folder[$"{name}.o"]), ("store", Store));
        }

        Calls = Compile("calls", Sources.Calls);
    }

    /// <summary>A store with test/opensnoop:v1 and test/execsnoop:v1.</summary>
    public string Store => _folder["store"];

    /// <summary>Streams each openat of target_pid; from the examples.</summary>
    public string Opensnoop => _folder["opensnoop.o"];

    /// <summary>Streams each exec of target_pid and its children; from the examples.</summary>
    public string Execsnoop => _folder["execsnoop.o"];

    /// <summary>Counts target_pid's openat calls in a hash, an array and a per-CPU array, and streams one number for each.</summary>
    public string Calls { get; }

    /// <summary>Compiles C text to an object file, once for each text.</summary>
    public string Compile(string name, string source)
    {
        lock (_compiled)
        {
            if (!_compiled.TryGetValue((name, source), out string? compiled))
            {
                using var shell = new Shell();
                // One folder for each, because two tests may use the same name for different texts.
                string folder = $"compiled-{_compiled.Count}";
                string file = _folder.Write($"{folder}/{name}.bpf.c", source);
                compiled = _folder[$"{folder}/{name}.o"];
                shell.Objects("Invoke-BeeBuild $source -BinaryOnly -OutFile $object", ("source", file), ("object", compiled));
                _compiled.Add((name, source), compiled);
            }

            return compiled;
        }
    }

    public void Dispose() => _folder.Dispose();
}

/// <summary>Tests that load programs run one after the other, in parallel with classes without a collection: they check what the process holds in the kernel.</summary>
[CollectionDefinition("Bee")]
public sealed class ProgramsCollection : ICollectionFixture<Programs>;

/// <summary>Tests that change the environment, or count resources of the whole process, run when no other test does.</summary>
[CollectionDefinition("Alone", DisableParallelization = true)]
public sealed class AloneCollection : ICollectionFixture<Programs>;
