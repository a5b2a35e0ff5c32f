namespace Bee.Toolchain;

/// <summary>Judges calls of undeclared functions alike with every clang: until 15 it warns, since 16 it refuses.</summary>
internal static class UndeclaredFunctions
{
    /// <summary>Makes it a warning everywhere; <see cref="Judge"/> then decides.</summary>
    internal const string Flag = "-Wno-error=implicit-function-declaration";

    private const string Option = "-Wimplicit-function-declaration";

    /// <summary>clang makes instructions of these, and sources written for older ones do not declare them.</summary>
    private static readonly string[] s_instructions = ["'memcpy'", "'memset'", "'memmove'"];

    /// <summary>The same diagnostics with such calls as errors, since the kernel has no linker that would find the function.
    /// Calls that become instructions are left out.</summary>
    internal static IReadOnlyList<Diagnostic> Judge(IReadOnlyList<Diagnostic> diagnostics) =>
    [
        .. diagnostics
            .Where(item => item.Option != Option || !s_instructions.Any(item.Message.Contains))
            .Select(item => item.Option == Option ? item with { Severity = DiagnosticSeverity.Error } : item),
    ];
}
