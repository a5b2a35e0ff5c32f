namespace Bee.Toolchain;

/// <summary>Compiles one C file to a BPF object with clang.</summary>
public static class Compiler
{
    /// <summary>Compiles. Mistakes in the source are diagnostics in the result, not exceptions.</summary>
    /// <param name="request">What to compile and how.</param>
    /// <param name="stop">Kills clang when cancelled.</param>
    /// <returns>The object and what clang said.</returns>
    /// <exception cref="FileNotFoundException">There is no such source file.</exception>
    /// <exception cref="ToolMissingException">clang, llvm-strip or libbpf is not there, or clang is older than 12.</exception>
    /// <exception cref="KernelBtfException">There is no kernel BTF, or the file given has none that is sound.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="stop"/> was cancelled.</exception>
    public static CompileResult Compile(CompileRequest request, CancellationToken stop) => throw new NotImplementedException();
}
