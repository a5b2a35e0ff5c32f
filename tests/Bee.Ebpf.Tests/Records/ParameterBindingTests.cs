using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;
using Bee.Ebpf.Tests.Objects;

namespace Bee.Ebpf.Tests.Records;

public class ParameterBindingTests
{
    private static ObjectFile File => Fixtures.Read("parameters");

    private static ParameterDescription Pid(ObjectFile file) => file.Parameters.Single(p => p.Name == "target_pid");

    [ClangFact]
    public void BindParameters_without_a_value_keeps_the_one_in_the_object()
    {
        var file = File;

        var bound = file.BindParameters(new Dictionary<string, object?> { ["target_pid"] = null });

        Assert.Equal(0, bound.Count);
        Assert.Equal(42, BitConverter.ToInt32(bound[Pid(file)].Span));
    }

    [ClangFact]
    public void BindParameters_prefers_the_given_value_to_the_default_in_metadata()
    {
        var file = File.WithMetadata(new ObjectMetadata { Parameters = new Dictionary<string, ParameterMetadata> { ["target_pid"] = new() { Key = "pid", Default = "7" } } });

        Assert.Equal(7, BitConverter.ToInt32(file.BindParameters()[Pid(file)].Span));
        foreach (var name in new[] { "target_pid", "pid", "PID", "Target_Pid" })
        {
            Assert.Equal(9, BitConverter.ToInt32(file.BindParameters(new Dictionary<string, object?> { [name] = 9 })[Pid(file)].Span));
        }
    }

    [ClangFact]
    public void BindParameters_with_an_unknown_name_throws_with_suggestions()
    {
        var fault = Assert.Throws<BpfParameterException>(() => File.BindParameters(new Dictionary<string, object?> { ["target_pit"] = 1 }));

        Assert.Equal(("ParameterNotFound", "target_pit", null), (fault.Id, fault.Parameter, fault.TypeName));
        Assert.Equal(["target_pid"], fault.Suggestions);
        Assert.Contains("target_pid (", fault.Message, StringComparison.Ordinal);
    }

    [ClangFact]
    public void BindParameters_with_a_value_that_does_not_fit_throws() =>
        Assert.Equal("BadParameter", Assert.Throws<BpfParameterException>(() => File.BindParameters(new Dictionary<string, object?> { ["target_pid"] = "many" })).Id);
}
