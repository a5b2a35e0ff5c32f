using Bee.Posix;

namespace Bee.Ebpf;

/// <summary>Why pins cannot be made, read or taken away.</summary>
public enum PinFault
{
    /// <summary>None of the below; the message says what is known.</summary>
    Other,

    /// <summary>No BPF file system is mounted, or the path is not on one.</summary>
    NotOnBpffs,

    /// <summary>The path cannot be a folder of pins.</summary>
    BadPath,

    /// <summary>There is something under that name already.</summary>
    Exists,

    /// <summary>There is nothing under that name.</summary>
    NotFound,

    /// <summary>Somebody else could have put what is there.</summary>
    Untrusted,

    /// <summary>What is there was not made by Bee, or is damaged or unfinished.</summary>
    Foreign,

    /// <summary>Something of the program cannot be pinned.</summary>
    CannotPin,

    /// <summary>Another process reads its events.</summary>
    InUse,

    /// <summary>This process may not.</summary>
    NoPermission,
}

/// <summary>Pins cannot be made, read or taken away.</summary>
public sealed class PinException : BeeException
{
    /// <summary>Makes one.</summary>
    /// <param name="fault">What kind of fault.</param>
    /// <param name="path">The path it is about.</param>
    /// <param name="message">What is wrong.</param>
    /// <param name="remedy">What to do, or null.</param>
    /// <param name="inner">The cause, where there is one.</param>
    public PinException(PinFault fault, string path, string message, string? remedy = null, Exception? inner = null) : base($"Pin.{fault}", message, remedy, inner)
    {
        Fault = fault;
        Path = path;
    }

    /// <summary>What kind of fault.</summary>
    public PinFault Fault { get; }

    /// <summary>The path it is about.</summary>
    public string Path { get; }

    /// <summary>The failure of a system call on a path.</summary>
    internal static PinException Of(int errno, string what, string path) => errno switch
    {
        Libc.EPERM or Libc.EACCES => new PinException(
            PinFault.NoPermission, path, $"No permission to {what} '{path}'.", "Run as root (sudo): pins belong to who made them, and reading them takes CAP_BPF."),
        Libc.ENOENT => new PinException(PinFault.NotFound, path, $"There is no '{path}'."),
        Libc.EEXIST => Taken(path),
        _ => new PinException(PinFault.Other, path, $"Cannot {what} '{path}': {Libc.Describe(errno)}."),
    };

    internal static PinException Taken(string path) => new(
        PinFault.Exists, path, $"'{path}' exists already, and pins are never overwritten.", "Choose another name, or end what is pinned there.");
}
