using Bee.Posix;

namespace Bee.Toolchain;

/// <summary>A program or library that Bee runs is not installed, or too old.</summary>
public sealed class ToolMissingException : BeeException
{
    /// <summary>Makes one.</summary>
    /// <param name="tool">What is missing, such as <c>clang</c>.</param>
    /// <param name="package">The package that brings it on this distribution, such as <c>clang</c>.</param>
    /// <param name="remedy">What to type, or a sentence where no package manager is known.</param>
    /// <param name="message">What was looked for and where.</param>
    public ToolMissingException(string tool, string package, string remedy, string message) : base("ToolMissing", message, remedy)
    {
        Tool = tool;
        Package = package;
    }

    /// <summary>What is missing.</summary>
    public string Tool { get; }

    /// <summary>The package that brings it on this distribution.</summary>
    public string Package { get; }
}
