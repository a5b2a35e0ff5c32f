namespace Bee.Ebpf.Tests.Records;

/// <summary>A test that needs clang, for types and values that the C compiler lays out.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ClangFactAttribute : FactAttribute
{
    public ClangFactAttribute()
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        if (!folders.Any(folder => File.Exists(Path.Combine(folder, "clang"))))
        {
            Skip = "clang is not on PATH: without it there is nothing to compare layouts with.";
        }
    }
}
