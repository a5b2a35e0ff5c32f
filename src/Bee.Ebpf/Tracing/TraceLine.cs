using System.Diagnostics.CodeAnalysis;

namespace Bee.Ebpf;

/// <summary>A line that a program of the session wrote with <c>bpf_printk</c> (<c>bpf_trace_printk</c>, <c>bpf_trace_vprintk</c>).</summary>
public sealed class TraceLine : BpfEvent
{
    /// <summary>The name of the stream, which is <see cref="MapName"/> of every line: no map has it.</summary>
    public const string StreamName = "trace";

    internal TraceLine(DateTime time, int cpu, int pid, int tid, string comm, string program, string text) =>
        (Time, Cpu, Pid, Tid, Comm, Program, Text) = (time, cpu, pid, tid, comm, program, text);

    /// <summary>Always <see cref="StreamName"/>.</summary>
    [SuppressMessage("Performance", "CA1822", Justification = "A property of the event, which views and serializers read from the instance.")]
    public string MapName => StreamName;

    /// <summary>When the line was written; local time.</summary>
    public DateTime Time { get; }

    /// <summary>The number of the CPU that the program ran on.</summary>
    public int Cpu { get; }

    /// <summary>The process in whose context the program ran (the kernel's tgid); 0 for an idle CPU. An interrupt runs in the context of the process that it interrupts.</summary>
    public int Pid { get; }

    /// <summary>The thread in whose context the program ran (the kernel's pid).</summary>
    public int Tid { get; }

    /// <summary>The thread's name.</summary>
    public string Comm { get; }

    /// <summary>The name of the program that wrote the line, also where one of its functions did.</summary>
    public string Program { get; }

    /// <summary>The text as the program formatted it, without a line end. It can hold any character.</summary>
    public string Text { get; }

    /// <summary>What views are made from.</summary>
    internal static IRecordShape Shape { get; } = new LineShape();

    /// <summary>Whether another object is a line with the same values.</summary>
    /// <param name="obj">The other object.</param>
    public override bool Equals(object? obj) => obj is TraceLine other && Values == other.Values;

    /// <summary>A hash of all values.</summary>
    public override int GetHashCode() => Values.GetHashCode();

    private (DateTime, int, int, int, string, string, string) Values => (Time, Cpu, Pid, Tid, Comm, Program, Text);

    private sealed class LineShape : IRecordShape
    {
        private const int NameSize = 16, TextSize = 1024;

        public Type ClrType => typeof(TraceLine);

        public string Name => StreamName;

        // Described by their own names: the fields have none in C.
        public IReadOnlyList<RecordField> Fields { get; } =
        [
            new(nameof(MapName), "", typeof(string), FieldMeaning.Text, 0, 0, 8, alignRight: false),
            new(nameof(Time), "", typeof(DateTime), FieldMeaning.Timestamp, 0, sizeof(ulong), 12, alignRight: false),
            new(nameof(Cpu), "", typeof(int), FieldMeaning.Number, 0, sizeof(int), 4, alignRight: true),
            new(nameof(Pid), "", typeof(int), FieldMeaning.Number, 0, sizeof(int), 7, alignRight: true),
            new(nameof(Tid), "", typeof(int), FieldMeaning.Number, 0, sizeof(int), 7, alignRight: true),
            new(nameof(Comm), "", typeof(string), FieldMeaning.Text, 0, NameSize, NameSize - 1, alignRight: false),
            new(nameof(Program), "", typeof(string), FieldMeaning.Text, 0, NameSize, NameSize - 1, alignRight: false),
            new(nameof(Text), "", typeof(string), FieldMeaning.Text, 0, TextSize, 40, alignRight: false),
        ];

        public MapMetadata Metadata { get; } = new()
        {
            Help = "Lines that the tool's programs write with bpf_printk.",
            Fields = new Dictionary<string, FieldMetadata> { [nameof(Tid)] = new() { Hidden = true } },
        };
    }
}
