using Bee.Registries;
using Bee.Telemetry.Pictures;

namespace Bee.Telemetry.Tests.Pictures;

/// <summary>Decodes profiles with the npm package pprof-format.</summary>
public sealed class PprofDecoderTests
{
    private static readonly string s_sources = Path.Combine(AppContext.BaseDirectory, "npm");
    private static readonly Npm s_npm = new("pictures", s_sources);

    [PprofFact]
    public void Pprof_format_reads_stacks_values_and_labels()
    {
        var stacks = new StackCollector(new StackOptions { KeepsPlaces = true });
        stacks.Add(new StackEntry(1, 3, Stacks.Trace("main", "read")), null);
        stacks.Add(new StackEntry(2, ulong.MaxValue, Stacks.Trace("main", "write", "<b>&\u00e9\u20ac"), process: "a b"), null);
        var profile = stacks.Finish();
        profile.Unit = "ns";
        var file = Path.GetTempFileName();
        try
        {
            using (var stream = File.Create(file))
            {
                PprofProfile.Write(profile, "A title", stream);
            }

            Assert.Equal(
                """
                type time/nanoseconds
                comment A title
                mapping /usr/lib/libx.so 0123abcd true
                sample <b>&é€ write main | comm=a b | 9223372036854775807
                sample read main | comm=dd | 3

                """,
                Npm.Run(Path.Combine(s_sources, "profile.cjs"), s_npm.Modules, file).Success);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private sealed class PprofFactAttribute : FactAttribute
    {
        public PprofFactAttribute() => Skip = FullRun.IsOn ? s_npm.Obstacle : "it takes long: ./build.sh test -Full";
    }
}
