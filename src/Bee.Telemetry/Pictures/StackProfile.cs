namespace Bee.Telemetry.Pictures;

/// <summary>Where a frame of a picture comes from.</summary>
internal enum FrameKind
{
    /// <summary>A field of the record, such as the name of the process.</summary>
    Group,
    /// <summary>Code of a process.</summary>
    User,
    /// <summary>Code of the kernel.</summary>
    Kernel,
    /// <summary>The place of a stack that was not recorded.</summary>
    Missing,
}

/// <summary>A frame: what is counted under one name.</summary>
/// <param name="Name">The function's name, or what stands for it. It has no control characters.</param>
/// <param name="Kind">Where it comes from.</param>
internal sealed record CallFrame(string Name, FrameKind Kind)
{
    /// <summary>The file or kernel module of the code, or the field of a <see cref="FrameKind.Group"/>; null if it is unknown or does not count.</summary>
    public string? Module { get; init; }

    /// <summary>The build id of the file; null if it is unknown.</summary>
    public string? BuildId { get; init; }

    /// <summary>The place in the file, or the address of kernel code; 0 if it is unknown or does not count.</summary>
    public ulong Place { get; init; }
}

/// <summary>
/// How much was counted at each stack: a tree of frames, the outermost first, in which stacks share their beginnings. Not for several threads at once.
/// </summary>
public sealed class StackProfile
{
    // Node 0 is the root, which has no frame. A parent stands before its children.
    private readonly List<Node> _nodes = [new Node(-1, -1)];
    private readonly List<CallFrame> _frames = [];
    private readonly Dictionary<CallFrame, int> _frameIds = [];
    private readonly Dictionary<ulong, int> _children = [];
    private long[] _weights = new long[64];

    /// <summary>The unit of the weights, such as <c>samples</c> or <c>ns</c>; null if it is unknown.</summary>
    public string? Unit { get; set; }

    /// <summary>What was counted, such as the name of a map; null if it is unknown.</summary>
    public string? Name { get; set; }

    /// <summary>The sum of all weights. A sum that does not fit is <see cref="long.MaxValue"/>.</summary>
    public long Total => Totals()[0];

    /// <summary>How many different stacks have a weight.</summary>
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

    /// <summary>Finds a stack, and adds it with the weight 0 if it is new.</summary>
    /// <param name="frames">The frames, the outermost first.</param>
    /// <returns>Its number, for <see cref="Add"/>.</returns>
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
    /// <param name="stack">The number that <see cref="Find"/> gave.</param>
    /// <param name="weight">The weight; a negative one takes away what was added before.</param>
    internal void Add(int stack, long weight) => _weights[stack] = Sum(_weights[stack], weight);

    /// <summary>The weight of each stack with all that begin with it.</summary>
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

    /// <summary>The stacks whose total is at least a minimum: each behind its parent, siblings by name. The first is the root.</summary>
    /// <param name="totals">The totals.</param>
    /// <param name="minimum">The least total, above 0.</param>
    internal List<Place> Walk(long[] totals, long minimum)
    {
        // The places of a node's children in one array, found by counting.
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
            // A node's own weight stands behind its children's.
            var start = place.Start;
            var first = left.Count;
            foreach (var child in own)
            {
                left.Add(new Place(child, place.Depth + 1, start));
                start = Sum(start, totals[child]);
            }

            // The last is taken next.
            left.Reverse(first, own.Length);
        }

        return found;
    }

    /// <summary>The frame of a stack's innermost call; null for the root.</summary>
    internal CallFrame? Frame(int node) => node == 0 ? null : _frames[_nodes[node].Frame];

    /// <summary>The stack without its innermost call.</summary>
    internal int Parent(int node) => _nodes[node].Parent;

    /// <summary>The weight of a stack alone.</summary>
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

    /// <summary>A stack in the order of a picture.</summary>
    /// <param name="Node">The stack.</param>
    /// <param name="Depth">How many frames it has.</param>
    /// <param name="Start">The weight of what stands before it.</param>
    internal readonly record struct Place(int Node, int Depth, long Start);

    private readonly record struct Node(int Parent, int Frame);
}
