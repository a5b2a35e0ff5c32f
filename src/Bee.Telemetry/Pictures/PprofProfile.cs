using System.IO.Compression;
using Bee.Telemetry.Exposition;
using Bee.Telemetry.Metrics;

namespace Bee.Telemetry.Pictures;

/// <summary>Writes stacks for pprof: a gzip-compressed message <c>perftools.profiles.Profile</c> (google/pprof, <c>proto/profile.proto</c>).</summary>
internal static class PprofProfile
{
    /// <summary>Writes a profile. Its collector should use <see cref="StackOptions.KeepsPlaces"/>.</summary>
    /// <param name="profile">The profile.</param>
    /// <param name="title">A comment; null for none.</param>
    /// <param name="output">Receives the bytes. It stays open.</param>
    public static void Write(StackProfile profile, string? title, Stream output)
    {
        ArgumentNullException.ThrowIfNull(profile);
        using var buffer = new ExpositionBuffer();
        new Tables(buffer).Write(profile, title);
        using var gzip = new GZipStream(output, CompressionLevel.Optimal, leaveOpen: true);
        gzip.Write(buffer.Written.Span);
    }

    // pprof scales the units that it knows.
    private static (string Type, string Unit) TypeOf(StackProfile profile) => (MetricUnits.Find(profile.Unit), profile.Unit?.Trim().ToLowerInvariant()) switch
    {
        ({ Name: "seconds", Divisor: 1e9 }, _) => ("time", "nanoseconds"),
        ({ Name: "seconds", Divisor: 1e6 }, _) => ("time", "microseconds"),
        ({ Name: "seconds", Divisor: 1e3 }, _) => ("time", "milliseconds"),
        ({ Name: "seconds", Factor: 1 }, _) => ("time", "seconds"),
        ({ Name: "bytes", Factor: 1, Divisor: 1 }, _) => ("space", "bytes"),
        ({ Name: "bytes", Factor: 1024 }, _) => ("space", "kilobytes"),
        (_, null or "1" or "") => ("value", "count"),
        (_, { } unit) => (unit, "count"),
    };

    /// <summary>The tables of a profile. Rows are referred to by number, from 1 on; strings from 0 on.</summary>
    private sealed class Tables(ExpositionBuffer buffer)
    {
        private readonly ProtobufWriter _writer = new(buffer);
        private readonly Dictionary<string, int> _strings = new(StringComparer.Ordinal) { [""] = 0 };
        private readonly List<string> _texts = [""];
        private readonly Dictionary<(string, FrameKind, string?), int> _functions = [];
        private readonly Dictionary<(string, string?), Mapping> _mappings = [];
        private readonly Dictionary<CallFrame, int> _locations = [];

        public void Write(StackProfile profile, string? title)
        {
            var (type, unit) = TypeOf(profile);
            AppendType(1, type, unit);
            foreach (var (node, _, _) in profile.Walk(profile.Totals(), minimum: 1))
            {
                if (node != 0 && profile.Weight(node) > 0)
                {
                    AppendSample(profile, node);
                }
            }

            foreach (var mapping in _mappings.Values)
            {
                Append(mapping);
            }

            foreach (var (frame, id) in _locations)
            {
                AppendLocation(frame, id);
            }

            AppendFunctions();
            if (title is { Length: > 0 })
            {
                _writer.Number(13, Text(title));
            }

            // Written last, because writing the other tables adds strings.
            foreach (var text in _texts)
            {
                _writer.Text(6, text);
            }
        }

        private void AppendType(int field, string type, string unit)
        {
            var start = _writer.Begin(field);
            _writer.Number(1, Text(type));
            _writer.Number(2, Text(unit));
            _writer.End(start);
        }

        // A sample lists its locations from the innermost frame outwards. The groups below the stack become labels.
        private void AppendSample(StackProfile profile, int node)
        {
            var weight = profile.Weight(node);
            var sample = _writer.Begin(2);
            var labels = new List<CallFrame>();
            var packed = _writer.Begin(1);
            for (; profile.Frame(node) is { } frame; node = profile.Parent(node))
            {
                if (frame.Kind == FrameKind.Group)
                {
                    labels.Add(frame);
                }
                else
                {
                    _writer.Raw((ulong)Location(frame));
                }
            }

            _writer.End(packed);
            packed = _writer.Begin(2);
            _writer.Raw((ulong)weight);
            _writer.End(packed);
            foreach (var label in labels)
            {
                var start = _writer.Begin(3);
                _writer.Number(1, Text(label.Module ?? "group"));
                _writer.Number(2, Text(label.Name));
                _writer.End(start);
            }

            _writer.End(sample);
        }

        private int Location(CallFrame frame)
        {
            if (_locations.TryGetValue(frame, out var id))
            {
                return id;
            }

            if (frame.Module is { } module)
            {
                if (!_mappings.TryGetValue((module, frame.BuildId), out var mapping))
                {
                    _mappings[(module, frame.BuildId)] = mapping = new Mapping(_mappings.Count + 1, module, frame.BuildId, frame.Kind == FrameKind.Kernel);
                }

                mapping.Add(frame.Place);
            }

            var function = (frame.Name, frame.Kind, frame.Module);
            _functions.TryAdd(function, _functions.Count + 1);
            _locations.Add(frame, id = _locations.Count + 1);
            return id;
        }

        private void Append(Mapping mapping)
        {
            var start = _writer.Begin(3);
            _writer.Number(1, (ulong)mapping.Id);
            // Locations in a file are relative to its beginning. Kernel addresses are absolute.
            _writer.Number(2, mapping.IsKernel ? mapping.First : 0);
            _writer.Number(3, mapping.Last == ulong.MaxValue ? ulong.MaxValue : mapping.Last + 1);
            _writer.Number(5, Text(mapping.Module));
            if (mapping.BuildId is { } build)
            {
                _writer.Number(6, Text(build));
            }

            // has_functions: pprof does not look for symbols (profile.proto).
            _writer.Number(7, 1);
            _writer.End(start);
        }

        private void AppendLocation(CallFrame frame, int id)
        {
            var start = _writer.Begin(4);
            _writer.Number(1, (ulong)id);
            if (frame.Module is { } module)
            {
                _writer.Number(2, (ulong)_mappings[(module, frame.BuildId)].Id);
            }

            if (frame.Place > 0)
            {
                _writer.Number(3, frame.Place);
            }

            var line = _writer.Begin(4);
            _writer.Number(1, (ulong)_functions[(frame.Name, frame.Kind, frame.Module)]);
            _writer.End(line);
            _writer.End(start);
        }

        private void AppendFunctions()
        {
            foreach (var ((name, _, module), id) in _functions)
            {
                var start = _writer.Begin(5);
                _writer.Number(1, (ulong)id);
                _writer.Number(2, Text(name));
                _writer.Number(3, Text(name));
                if (module is not null)
                {
                    _writer.Number(4, Text(module));
                }

                _writer.End(start);
            }
        }

        private ulong Text(string text)
        {
            if (!_strings.TryGetValue(text, out var index))
            {
                index = _texts.Count;
                _texts.Add(text);
                _strings.Add(text, index);
            }

            return (ulong)index;
        }
    }

    private sealed class Mapping(int id, string module, string? buildId, bool isKernel)
    {
        public int Id => id;

        public string Module => module;

        public string? BuildId => buildId;

        public bool IsKernel => isKernel;

        public ulong First { get; private set; } = ulong.MaxValue;

        public ulong Last { get; private set; }

        public void Add(ulong place)
        {
            First = Math.Min(First, place);
            Last = Math.Max(Last, place);
        }
    }
}
