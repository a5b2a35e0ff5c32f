using Bee.Posix;

namespace Bee.Toolchain;

/// <summary>There is no BTF to write vmlinux.h from, or it is damaged.</summary>
public sealed class KernelBtfException : BeeException
{
    /// <summary>Makes one.</summary>
    /// <param name="path">The file looked at.</param>
    /// <param name="remedy">What to do.</param>
    /// <param name="message">What is wrong.</param>
    /// <param name="inner">The cause, where there is one.</param>
    public KernelBtfException(string path, string remedy, string message, Exception? inner = null) : base("NoKernelBtf", message, remedy, inner) => Path = path;

    /// <summary>The file looked at.</summary>
    public string Path { get; }
}
