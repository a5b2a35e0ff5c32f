using System.Buffers;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Packing;

/// <summary>Packs the containers and hosts of a block's objects. Each is defined once in a block, before the first object that needs it.</summary>
internal sealed class PackedOrigins(PackPayload payload)
{
    // By reference: a resolver returns the same names until they change.
    private readonly Dictionary<object, int> _containers = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<RecordSender, int> _senders = [];
    private ContainerNames? _lastNames;
    private int _last;

    /// <summary>Discards all definitions.</summary>
    public void Clear()
    {
        _containers.Clear();
        _senders.Clear();
        _lastNames = null;
    }

    /// <summary>Returns the number of a container's names, and defines new ones; 0 for the host.</summary>
    public int Define(ContainerNames? names, IBufferWriter<byte> to)
    {
        if (names is null)
        {
            return 0;
        }

        if (ReferenceEquals(names, _lastNames))
        {
            return _last;
        }

        if (!_containers.TryGetValue(names, out var number))
        {
            Write(names);
            payload.WriteTo(to, PackItem.Container);
            _containers.Add(names, number = _containers.Count + 1);
        }

        (_lastNames, _last) = (names, number);
        return number;
    }

    /// <summary>Returns the number of a host, and defines a new one; 0 for the host of the file.</summary>
    public int Define(RecordSender? sender, IBufferWriter<byte> to)
    {
        if (sender is null)
        {
            return 0;
        }

        if (!_senders.TryGetValue(sender, out var number))
        {
            payload.Text(sender.ComputerName).Number(sender.Late ? 1u : 0u).WriteTo(to, PackItem.Sender);
            _senders.Add(sender, number = _senders.Count + 1);
        }

        return number;
    }

    private void Write(ContainerNames names)
    {
        payload.Text(names.Id).Text(names.Container).Optional(names.Image).Optional(names.Pod).Optional(names.Namespace).Optional(names.Node).Optional(names.Owner);
        payload.Number((ulong)(names.Labels?.Count ?? 0));
        foreach (var (label, value) in names.Labels ?? new Dictionary<string, string>())
        {
            payload.Text(label).Text(value);
        }
    }
}

/// <summary>Reads the containers and hosts of a block's objects.</summary>
internal sealed class UnpackedOrigins
{
    // Limits for hostile files. A block has about one mebibyte.
    private const int MostDefined = 1 << 20, SmallestLabel = 2;

    private readonly List<ContainerNames> _containers = [];
    private readonly List<RecordSender> _senders = [];

    /// <summary>Whether one of the containers belongs to a Kubernetes pod.</summary>
    public bool HasPods { get; private set; }

    /// <summary>Discards all definitions.</summary>
    public void Clear()
    {
        _containers.Clear();
        _senders.Clear();
    }

    /// <summary>Reads the definition of a container.</summary>
    public void ReadContainer(ref PackReader reader)
    {
        Limit(_containers.Count);
        var names = new ContainerNames
        {
            Id = reader.Text(),
            Container = reader.Text(),
            Image = reader.OptionalText(),
            Pod = reader.OptionalText(),
            Namespace = reader.OptionalText(),
            Node = reader.OptionalText(),
            Owner = reader.OptionalText(),
            Labels = Labels(ref reader),
        };
        reader.End();
        HasPods |= names.Pod is not null;
        _containers.Add(names);
    }

    /// <summary>Reads the definition of a host.</summary>
    public void ReadSender(ref PackReader reader)
    {
        Limit(_senders.Count);
        _senders.Add(new RecordSender(reader.Text(), reader.Number(1) == 1));
        reader.End();
    }

    /// <summary>Reads the container of an object; null for the host.</summary>
    public ContainerNames? Container(ref PackReader reader) => reader.Number(int.MaxValue) is var number && number <= _containers.Count
        ? number == 0 ? null : _containers[number - 1]
        : throw PackException.Damaged("an object has a container that is not defined");

    /// <summary>Reads the host of an object; null for the host of the file.</summary>
    public RecordSender? Sender(ref PackReader reader) => reader.Number(int.MaxValue) is var number && number <= _senders.Count
        ? number == 0 ? null : _senders[number - 1]
        : throw PackException.Damaged("an object has a host that is not defined");

    private static Dictionary<string, string>? Labels(ref PackReader reader)
    {
        var count = reader.Number(reader.Left.Length / SmallestLabel);
        var labels = count == 0 ? null : new Dictionary<string, string>(count, StringComparer.Ordinal);
        for (var i = 0; i < count; i++)
        {
            labels![reader.Text()] = reader.Text();
        }

        return labels;
    }

    private static void Limit(int count)
    {
        if (count >= MostDefined)
        {
            throw PackException.Damaged($"a block defines more than {MostDefined} containers or hosts");
        }
    }
}
