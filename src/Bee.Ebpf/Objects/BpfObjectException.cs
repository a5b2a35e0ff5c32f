using Bee.Posix;

namespace Bee.Ebpf;

/// <summary>An object file, or type information, cannot be used. The message says what is wrong and what to do about it.</summary>
public sealed class BpfObjectException : BeeException
{
    private string? _file;

    /// <summary>Makes the exception.</summary>
    /// <param name="fault">What is wrong, for code.</param>
    /// <param name="message">What is wrong, for people.</param>
    public BpfObjectException(ObjectFault fault, string message) : base($"BadObject.{fault}", message) => Fault = fault;

    /// <summary>What is wrong.</summary>
    public ObjectFault Fault { get; }

    /// <summary>The file's name where it is known, and what is wrong with it.</summary>
    public override string Message => _file is null ? base.Message : $"{_file}: {base.Message}";

    internal void Name(string file) => _file = file;
}
