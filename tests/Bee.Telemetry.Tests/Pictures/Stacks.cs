using System.Text;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Records;
using Bee.Ebpf.Symbols;
using Bee.Telemetry.Pictures;

namespace Bee.Telemetry.Tests.Pictures;

/// <summary>Stacks, events and entries of the tests' own.</summary>
internal static class Stacks
{
    /// <summary>A profile of lines as <c>dd;read;vfs_read [k] 3</c>: the first frame is a group, names followed by <c> [k]</c> are kernel frames.</summary>
    public static StackProfile Profile(string? unit, params string[] lines)
    {
        var profile = new StackProfile { Name = "counter_stacks", Unit = unit };
        foreach (var line in lines)
        {
            var end = line.LastIndexOf(' ');
            var frames = line[..end].Split(';').Select((name, i) => new CallFrame(
                name.Replace(" [k]", "", StringComparison.Ordinal), i == 0 ? FrameKind.Group : name.EndsWith(" [k]", StringComparison.Ordinal) ? FrameKind.Kernel : FrameKind.User));
            profile.Add(profile.Find([.. frames]), long.Parse(line[(end + 1)..], System.Globalization.CultureInfo.InvariantCulture));
        }

        return profile;
    }

    public static string Text(Action<Stream> write)
    {
        using var stream = new MemoryStream();
        write(stream);
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    /// <summary>Returns a stack trace of names, the outermost first as in folded stacks.</summary>
    public static StackTrace Trace(params string[] names) => new(1, default, [.. names.Reverse().Select((name, i) => new StackFrame(0x1000ul + (ulong)i, new Named(name), isCaller: i > 0))]);

    public static StackTrace Missing(Errno error) => new(-(int)error, error, []);

    private sealed class Named(string name) : FrameSource
    {
        public override string? BuildId => "0123abcd";

        public override FrameName Find(ulong address, bool isCaller) => new(name, 4, "/usr/lib/libx.so", address);
    }
}

// Emitted types name their properties like the C fields, so these do too.
#pragma warning disable IDE1006, CA1822

/// <summary>An entry like those of the example cpustack.</summary>
public sealed class StackEntry(byte key, ulong value, StackTrace user, StackTrace? kernel = null, string process = "dd") : MapEntry
{
    public string MapName => "counter_stacks";

    public ulong Value => value;

    public string comm => process;

    public StackTrace user_stack => user;

    public StackTrace? kernel_stack => kernel;

    private protected override ReadOnlySpan<byte> KeyBytes() => new byte[] { key };

    private protected override ReadOnlySpan<byte> ValueBytes() => BitConverter.GetBytes(value);
}

/// <summary>An event with numbers and one stack.</summary>
public sealed class StackEvent(StackTrace trace, long size) : BpfEvent
{
    public string MapName => "print_allocations";

    public int pid => 7;

    public long bytes => size;

    public StackTrace stack => trace;
}

/// <summary>An event with two stacks whose names do not tell user space from kernel.</summary>
public sealed class TwoStackEvent(StackTrace first, StackTrace second) : BpfEvent
{
    public StackTrace waker => first;

    public StackTrace sleeper => second;
}

/// <summary>An event without a stack.</summary>
public sealed class PlainEvent : BpfEvent
{
    public string MapName => "print_opens";

    public int pid => 7;
}

#pragma warning restore IDE1006, CA1822
