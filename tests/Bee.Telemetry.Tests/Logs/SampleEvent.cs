using System.Numerics;
using Bee.Ebpf.Records;

namespace Bee.Telemetry.Tests.Logs;

/// <summary>An event with a field of each kind, like an emitted type.</summary>
public sealed class SampleEvent : BpfEvent
{
    public string MapName { get; init; } = "print_opens";

    public DateTime Started { get; init; } = new(2026, 1, 2, 3, 4, 4, DateTimeKind.Utc);

    public DateTime At { get; init; } = new(2026, 1, 2, 3, 4, 5, 123, 456, DateTimeKind.Utc);

    public uint Pid { get; init; } = 4242;

    public string Comm { get; init; } = "cat";

    public string Path { get; init; } = "/tmp/a b\n\u001b[2J\"]\\=";

    public bool Ok { get; init; } = true;

    public double Ratio { get; init; } = 1.5;

    public DayOfWeek Day { get; init; } = DayOfWeek.Friday;

    public DayOfWeek Unnamed { get; init; } = (DayOfWeek)77;

    public ulong Large { get; init; } = ulong.MaxValue;

    public BigInteger Huge { get; init; } = BigInteger.Pow(10, 30);

    public BpfArray<byte> Bytes { get; init; } = new([1, 10, 255]);

    public BpfArray<string> Words { get; init; } = new(["ls", "-l\n"]);

    public SampleInner Inner { get; init; } = new();

    public object? Nothing { get; init; }
}

/// <summary>A struct within an event.</summary>
public sealed class SampleInner : BpfEvent
{
    public int A { get; init; } = -1;

    public BpfArray<int> List { get; init; } = new([1, 2]);
}

/// <summary>An event with only a number.</summary>
public sealed class PlainEvent(int n) : BpfEvent
{
    public string MapName { get; init; } = "events";

    public int N => n;
}

/// <summary>An event whose field cannot be read.</summary>
public sealed class DamagedEvent(string fault) : BpfEvent
{
    public int N => throw new FormatException(fault);
}
