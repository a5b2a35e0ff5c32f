using Bee.Ebpf.Metadata;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Events;

/// <summary>A line of <c>bpf_printk</c> from another host.</summary>
internal sealed class HostTraceLine : TraceLine
{
    private RecordSender? _sender;

    public HostTraceLine(DateTime time, int cpu, int pid, int tid, string comm, string program, string text)
        : base(time, cpu, pid, tid, comm, program, text)
    {
    }

    /// <summary>The name of the host.</summary>
    public string? PSComputerName => _sender?.ComputerName;

    /// <summary>Whether the line arrived after later objects.</summary>
    [NotCompared]
    public bool Late => _sender?.Late == true;

    /// <summary>The fields that a view can show.</summary>
    internal static new IRecordShape Shape { get; } = new HostShape();

    private protected override RecordSender? GetSender() => _sender;

    private protected override void SetSender(RecordSender? sender) => _sender = sender;

    private sealed class HostShape : IRecordShape
    {
        public Type ClrType => typeof(HostTraceLine);

        public string Name => StreamName;

        public IReadOnlyList<RecordField> Fields { get; } =
        [
            .. ExtraPlans.Of(RecordExtras.Sender, saysWhere: false).Where(ExtraPlans.IsFirst).Select(RecordFields.Extra),
            .. TraceLine.Shape.Fields,
            .. ExtraPlans.Of(RecordExtras.Sender, saysWhere: false).Where(extra => !ExtraPlans.IsFirst(extra)).Select(RecordFields.Extra),
        ];

        public MapMetadata Metadata => TraceLine.Shape.Metadata;

        public RecordExtras Extras => RecordExtras.Sender;
    }
}

/// <summary>A line of an iterator from another host.</summary>
internal sealed class HostIteratorLine(string line) : IteratorLine(line)
{
    private RecordSender? _sender;

    /// <summary>The name of the host.</summary>
    public string? PSComputerName => _sender?.ComputerName;

    /// <summary>Whether the line arrived after later objects.</summary>
    [NotCompared]
    public bool Late => _sender?.Late == true;

    private protected override RecordSender? GetSender() => _sender;

    private protected override void SetSender(RecordSender? sender) => _sender = sender;
}
