namespace Bee.Telemetry.Pictures;

/// <summary>The kinds of frames.</summary>
internal enum FrameKind
{
    /// <summary>A field of the record, such as the name of the process.</summary>
    Group,
    /// <summary>User-space code.</summary>
    User,
    /// <summary>Kernel code.</summary>
    Kernel,
    /// <summary>A placeholder for a stack that was not recorded.</summary>
    Missing,
}

/// <summary>A frame of a profile.</summary>
/// <param name="Name">The name of the function, or a placeholder. Without control characters.</param>
/// <param name="Kind">The kind of the frame.</param>
internal sealed record CallFrame(string Name, FrameKind Kind)
{
    /// <summary>The file or kernel module of the code, or the field of a <see cref="FrameKind.Group"/>; null if unknown or not kept.</summary>
    public string? Module { get; init; }

    /// <summary>The build id of the file; null if unknown.</summary>
    public string? BuildId { get; init; }

    /// <summary>The offset in the file, or the address of kernel code; 0 if unknown or not kept.</summary>
    public ulong Place { get; init; }
}

/// <summary>Weights of stacks, as a tree of frames with the outermost first. Create it with a <see cref="StackCollector"/>. Not thread-safe.</summary>
public sealed class StackProfile
{
    // Node 0 is the root, which has no frame. A parent precedes its children.
    private readonly List<Node> _nodes = [new Node(-1, -1)];
    private readonly List<CallFrame> _frames = [];
    private readonly Dictionary<CallFrame, int> _frameIds = [];
    private readonly Dictionary<ulong, int> _children = [];
    private long[] _weights = new long[64];

    /// <summary>The unit of the weights, such as <c>samples</c> or <c>ns</c>; null if unknown.</summary>
    public string? Unit { get; set; }

    /// <summary>The name of the data, such as the name of a map; null if unknown.</summary>
    public string? Name { get; set; }

    /// <summary>The sum of all weights, at most <see cref="long.MaxValue"/>.</summary>
    public long Total => Totals()[0];

    /// <summary>The number of different stacks with a weight.</summary>
    public int StackCount => _weights.AsSpan(0, _nodes.Count).Length - _weights.AsSpan(0, _nodes.Count).Count(0L);

    /// <summary>Writes the profile as a flame graph, as folded stacks or for <c>pprof</c>. The same profile yields the same bytes.</summary>
    /// <param name="output">Receives the file. It stays open.</param>
    /// <param name="format">The format. For <see cref="FlameGraphFormat.Pprof"/>, set <see cref="StackOptions.KeepsPlaces"/> on the collector, so that files, build ids and addresses are included.</param>
    /// <param name="options">The title and the direction; null for the defaults. Folded stacks have neither.</param>
    /// <exception cref="ArgumentOutOfRangeException">The format is not defined.</exception>
    public void Write(Stream output, FlameGraphFormat format = FlameGraphFormat.Svg, FlameGraphOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(output);
        switch (format)
        {
            case FlameGraphFormat.Svg:
                FlameGraph.Write(this, options ?? new FlameGraphOptions(), output);
                break;
            case FlameGraphFormat.Folded:
                FoldedStacks.Write(this, output);
                break;
            case FlameGraphFormat.Pprof:
                PprofProfile.Write(this, options?.Title, output);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(format), format, "The format is not defined.");
        }
    }

    /// <summary>Returns the number of a stack. Adds the stack with the weight 0 if it is new.</summary>
    /// <param name="frames">The frames, the outermost first.</param>
    /// <returns>The number, for <see cref="Add"/>.</returns>
    internal int Find(IReadOnlyList<CallFrame> frames)
    {
        ArgumentNullException.ThrowIfNull(frames);
        var node = 0;
        for (var i = 0; i < frames.Count; i++)
        {
            node = Child(node, FrameId(frames[i]));
        }

        return node;
    }

    /// <summary>Adds to the weight of a stack.</summary>
    /// <param name="stack">The number that <see cref="Find"/> returned.</param>
    /// <param name="weight">The weight to add. A negative one reverts an earlier call.</param>
    internal void Add(int stack, long weight) => _weights[stack] = Sum(_weights[stack], weight);

    /// <summary>Returns the total of each node: its weight plus those of all nodes below it.</summary>
    internal long[] Totals()
    {
        var totals = _weights[.._nodes.Count];
        for (var i = totals.Length - 1; i > 0; i--)
        {
            ref var parent = ref totals[_nodes[i].Parent];
            parent = Sum(parent, totals[i]);
        }

        return totals;
    }

    /// <summary>Returns the nodes whose total is at least a minimum, depth first, siblings sorted by name. The first is the root.</summary>
    /// <param name="totals">The totals.</param>
    /// <param name="minimum">The minimum, 1 or more.</param>
    internal List<Place> Walk(long[] totals, long minimum)
    {
        // Sorts the children of all nodes into one array, by counting.
        var starts = new int[_nodes.Count + 1];
        for (var i = 1; i < _nodes.Count; i++)
        {
            starts[_nodes[i].Parent + 1] += totals[i] >= minimum ? 1 : 0;
        }

        for (var i = 1; i < starts.Length; i++)
        {
            starts[i] += starts[i - 1];
        }

        var children = new int[starts[^1]];
        var ends = starts[..^1];
        for (var i = 1; i < _nodes.Count; i++)
        {
            if (totals[i] >= minimum)
            {
                children[ends[_nodes[i].Parent]++] = i;
            }
        }

        var found = new List<Place>(children.Length + 1);
        List<Place> left = [new Place(0, 0, 0)];
        while (left.Count > 0)
        {
            var place = left[^1];
            left.RemoveAt(left.Count - 1);
            found.Add(place);
            var own = children.AsSpan(starts[place.Node], ends[place.Node] - starts[place.Node]);
            own.Sort(Compare);
            // A node's own weight comes after those of its children.
            var start = place.Start;
            var first = left.Count;
            foreach (var child in own)
            {
                left.Add(new Place(child, place.Depth + 1, start));
                start = Sum(start, totals[child]);
            }

            // The last element is visited next.
            left.Reverse(first, own.Length);
        }

        return found;
    }

    /// <summary>Returns the frame of a node; null for the root.</summary>
    internal CallFrame? Frame(int node) => node == 0 ? null : _frames[_nodes[node].Frame];

    /// <summary>Returns the parent of a node.</summary>
    internal int Parent(int node) => _nodes[node].Parent;

    /// <summary>Returns the own weight of a node.</summary>
    internal long Weight(int node) => _weights[node];

    private int FrameId(CallFrame frame)
    {
        if (!_frameIds.TryGetValue(frame, out var id))
        {
            id = _frames.Count;
            _frames.Add(frame);
            _frameIds.Add(frame, id);
        }

        return id;
    }

    private int Child(int parent, int frame)
    {
        var key = (ulong)(uint)parent << 32 | (uint)frame;
        if (!_children.TryGetValue(key, out var node))
        {
            node = _nodes.Count;
            _nodes.Add(new Node(parent, frame));
            _children.Add(key, node);
            if (node == _weights.Length)
            {
                Array.Resize(ref _weights, node * 2);
            }
        }

        return node;
    }

    private int Compare(int x, int y)
    {
        var (a, b) = (_frames[_nodes[x].Frame], _frames[_nodes[y].Frame]);
        var order = string.CompareOrdinal(a.Name, b.Name);
        order = order != 0 ? order : a.Kind.CompareTo(b.Kind);
        order = order != 0 ? order : string.CompareOrdinal(a.Module, b.Module);
        order = order != 0 ? order : string.CompareOrdinal(a.BuildId, b.BuildId);
        return order != 0 ? order : a.Place.CompareTo(b.Place);
    }

    private static long Sum(long first, long second) => second > 0 && first > long.MaxValue - second ? long.MaxValue : first + second;

    /// <summary>A node at its position in a picture.</summary>
    /// <param name="Node">The node.</param>
    /// <param name="Depth">The number of frames from the root.</param>
    /// <param name="Start">The weight of everything before the node.</param>
    internal readonly record struct Place(int Node, int Depth, long Start);

    private readonly record struct Node(int Parent, int Frame);
}
