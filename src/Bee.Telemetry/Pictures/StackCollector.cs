using System.Collections;
using System.Globalization;
using System.Numerics;
using System.Reflection;
using System.Text;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Records;
using Bee.Ebpf.Symbols;
using Bee.Posix;

namespace Bee.Telemetry.Pictures;

/// <summary>The fields of events and entries that a <see cref="StackCollector"/> uses.</summary>
public sealed record StackOptions
{
    /// <summary>The names of the stack fields, the outermost part first. If empty, the only stack, or the stacks of user space and kernel.</summary>
    public IReadOnlyList<string> Stacks { get; init; } = [];

    /// <summary>The name of the numeric field to add up. If null, the only number of a map entry, and 1 for each event.</summary>
    public string? Value { get; init; }

    /// <summary>The names of the fields to group by, which become the outermost frames. If null, <c>comm</c> if the objects have it.</summary>
    public IReadOnlyList<string>? Groups { get; init; }

    /// <summary>Whether to keep the module, build id and address of each frame, as pprof needs them. Calls of a function from different places then stay separate frames.</summary>
    public bool KeepsPlaces { get; init; }
}

/// <summary>
/// Adds up events and map entries by their stacks. If a map entry is added again, with the same key of the same map, its last value replaces the earlier one. Not thread-safe.
/// </summary>
public sealed class StackCollector
{
    private readonly StackOptions _options;
    private readonly Dictionary<Type, ObjectPlan> _plans = [];
    private readonly Dictionary<string, (int Stack, long Weight)> _entries = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, long> _missing = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _seen = new(StringComparer.Ordinal);
    private readonly List<CallFrame> _frames = [];
    private readonly HashSet<string> _names = [];
    private string? _source;

    /// <summary>Creates an empty collector.</summary>
    /// <param name="options">The fields to use; null for the defaults.</param>
    public StackCollector(StackOptions? options = null) => _options = options ?? new StackOptions();

    /// <summary>The profile so far.</summary>
    public StackProfile Profile { get; } = new();

    /// <summary>The number of added objects that have a stack.</summary>
    public long Taken { get; private set; }

    /// <summary>The number of added objects without a stack.</summary>
    public long WithoutStack { get; private set; }

    /// <summary>The number of added objects with a negative number, which counts as zero.</summary>
    public long Negative { get; private set; }

    /// <summary>The number of stacks that the kernel could not record, by the name of the error, such as <c>EEXIST</c>.</summary>
    public IReadOnlyDictionary<string, long> Missing => _missing;

    /// <summary>Adds the stacks of an event or map entry.</summary>
    /// <param name="item">The event or entry. One without a stack is counted in <see cref="WithoutStack"/>.</param>
    /// <exception cref="PictureException">The object has several stack or number fields and <see cref="StackOptions"/> does not select one, or a selected field does not exist or has another type.</exception>
    public void Add(BpfEvent item) => Add(item, null);

    /// <summary>Adds an event, an entry or a histogram.</summary>
    /// <param name="item">The object.</param>
    /// <param name="shape">The shape of the object's type; null if unknown.</param>
    /// <exception cref="PictureException">The object has several stack or number fields and <see cref="StackOptions"/> does not select one, or a selected field does not exist or has another type.</exception>
    internal void Add(BpfEvent item, IRecordShape? shape)
    {
        ArgumentNullException.ThrowIfNull(item);
        var type = item.GetType();
        if (!_plans.TryGetValue(type, out var plan))
        {
            _plans[type] = plan = PlanOf(item, shape);
        }

        Add(plan, item, item);
    }

    /// <summary>Adds an object that is not a <see cref="BpfEvent"/>, such as the output of <c>Select-Object</c>, by its fields.</summary>
    /// <param name="type">The name of the object's type, for messages.</param>
    /// <param name="fields">The fields by name.</param>
    /// <exception cref="PictureException">The object has several stack or number fields and <see cref="StackOptions"/> does not select one, or a selected field does not exist or has another type.</exception>
    internal void Add(string type, IReadOnlyList<KeyValuePair<string, object?>> fields)
    {
        ArgumentNullException.ThrowIfNull(fields);
        Field[] known = [.. fields.Select(field => new Field(field.Key, field.Value is StackTrace, ToNumber(field.Value) is not null, field.Key == "Value", null, _ => field.Value))];
        Add(Plan(known, type, "", FieldOf(fields, "MapName") as string, isEntry: true), fields, null);
    }

    /// <summary>Returns the profile, which is not empty.</summary>
    /// <exception cref="PictureException">No object was added, or none with a stack.</exception>
    public StackProfile Finish()
    {
        if (Taken > 0)
        {
            return Profile;
        }

        throw WithoutStack == 0
            ? new PictureException(PictureFault.Empty, "The input has no objects, so there is nothing to draw.", "Collect for longer, or check that the tool emits events.")
            : new PictureException(PictureFault.NoStack, $"No stack was found in {Quantity.Of(WithoutStack, "object")}: {string.Join("; ", _seen.Take(5))}.",
                "A flame graph needs a tool whose records or keys have a field of the type user_stack_id, kernel_stack_id or stack_id, such as the example cpustack.");
    }

    private void Add(ObjectPlan plan, object item, BpfEvent? record)
    {
        if (plan.Stacks.Length == 0)
        {
            WithoutStack++;
            return;
        }

        _frames.Clear();
        foreach (var group in plan.Groups)
        {
            if (TextOf(group.Read(item)) is { Length: > 0 } text)
            {
                _frames.Add(new CallFrame(text, FrameKind.Group) { Module = _options.KeepsPlaces ? group.Name : null });
            }
        }

        var below = _frames.Count;
        foreach (var stack in plan.Stacks)
        {
            AddFrames(stack.Read(item) as StackTrace);
        }

        if (_frames.Count == below)
        {
            _frames.Add(new CallFrame("[no stack]", FrameKind.Missing));
        }

        var weight = plan.Value is null ? 1 : ToNumber(plan.Value.Read(item)) ?? 0;
        Negative += weight < 0 ? 1 : 0;
        weight = Math.Max(0, weight);
        var place = Profile.Find(_frames);
        if (record is MapEntry entry)
        {
            // A map that is polled again returns the same entries again.
            var key = $"{plan.Source}\0{Encoding.Latin1.GetString(entry.RawKey)}";
            if (_entries.TryGetValue(key, out var last))
            {
                Profile.Add(last.Stack, -last.Weight);
            }

            _entries[key] = (place, weight);
        }

        Profile.Add(place, weight);
        Taken++;
    }

    private void AddFrames(StackTrace? trace)
    {
        // EFAULT: the thread was not in the kernel, or has no user space.
        if (trace is { Count: 0, Error: not 0 and not Errno.EFAULT })
        {
            var error = trace.Error.ToString();
            _missing[error] = _missing.GetValueOrDefault(error) + 1;
            _frames.Add(new CallFrame($"[no stack: {error}]", FrameKind.Missing));
        }

        for (var i = (trace?.Count ?? 0) - 1; i >= 0; i--)
        {
            var frame = trace![i];
            var name = frame.Label;
            var kind = frame.IsKernel ? FrameKind.Kernel : FrameKind.User;
            _frames.Add(_options.KeepsPlaces
                ? new CallFrame(TerminalText.Show(name), kind) { Module = frame.Module is { } module ? TerminalText.Show(module) : null, BuildId = frame.BuildId, Place = frame.FileOffset ?? frame.Address }
                : new CallFrame(TerminalText.Show(name), kind));
        }
    }

    private ObjectPlan PlanOf(BpfEvent item, IRecordShape? shape)
    {
        // A histogram has counts of value ranges, which a flame graph cannot show.
        var known = (item as TruncatedEvent)?.WholeType() ?? item.GetType();
        var described = shape?.Fields ?? RecordType.FieldsOf(known.FullName!) ?? [];
        var key = known.GetProperty("Key")?.PropertyType;
        var map = known.GetProperty("MapName")?.GetValue((item as TruncatedEvent)?.WholeEvent() ?? item) as string;
        var metadata = shape?.Metadata ?? MapMetadata.None;
        var fields = item.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.GetIndexParameters().Length == 0)
            .Select(property =>
            {
                // A truncated record has a type of its own, whose properties are nullable.
                var type = known.GetProperty(property.Name)?.PropertyType ?? property.PropertyType;
                var field = described.FirstOrDefault(field => field.Name == property.Name);
                var isValue = property.Name == "Value" || (item is MapEntry && field is { CName.Length: > 0 } && key?.GetProperty(property.Name) is null);
                return new Field(property.Name, type == typeof(StackTrace) && item is not Histogram, IsNumber(type) && property.Name != "Key", isValue, UnitOf(field, map, metadata), property.GetValue);
            });
        return Plan([.. fields], known.Name, item is MapEntry ? $"{known.FullName}\0{map}" : "", map, isEntry: item is MapEntry);
    }

    private ObjectPlan Plan(Field[] fields, string type, string source, string? map, bool isEntry)
    {
        var stacks = Stacks(fields, map);
        if (stacks.Length == 0)
        {
            if (_seen.Count < 100)
            {
                _seen.Add(fields.Length == 0
                    ? $"an object of type {type} is not an event"
                    : $"{map ?? type} has {string.Join(", ", fields.Where(field => field.Name is not "MapName" and not "Key").Select(field => field.Name))}");
            }

            return new ObjectPlan([], [], null, source);
        }

        var value = Value(fields, map, isEntry);
        var unit = value is null ? "events" : value.Unit;
        Agree(map, value?.Name, unit);
        var groups = _options.Groups is { } asked
            ? asked.Select(name => Named(fields, name, map))
            : fields.Where(field => field.Name == "comm").Take(1);
        return new ObjectPlan(stacks, [.. groups], value, source);
    }

    private Field[] Stacks(Field[] fields, string? map)
    {
        if (_options.Stacks.Count > 0)
        {
            // Skips a map without stacks, and fails for one with other stacks.
            return Array.Exists(fields, field => field.IsStack || _options.Stacks.Any(name => Is(field, name))) ? [.. _options.Stacks.Select(name => StackNamed(fields, name, map))] : [];
        }

        Field[] stacks = [.. fields.Where(field => field.IsStack)];
        Field[] ofUser = [.. stacks.Where(field => SideOf(field.Name) == FrameKind.User)];
        Field[] ofKernel = [.. stacks.Where(field => SideOf(field.Name) == FrameKind.Kernel)];
        return stacks.Length <= 1 ? stacks
            : stacks.Length == 2 && ofUser.Length == 1 && ofKernel.Length == 1 ? [ofUser[0], ofKernel[0]]
            : throw new PictureException(PictureFault.SeveralStacks, $"{map ?? "An object"} has several stacks: {string.Join(", ", stacks.Select(field => field.Name))}.", "Choose the stacks by name, the outermost first.");
    }

    private Field? Value(Field[] fields, string? map, bool isEntry)
    {
        if (_options.Value is { } name)
        {
            var field = Named(fields, name, map);
            return field.IsNumber ? field : throw new PictureException(PictureFault.BadField, $"'{field.Name}' of {map ?? "the objects"} is not a number.");
        }

        Field[] numbers = isEntry ? [.. fields.Where(field => field.IsValue && field.IsNumber)] : [];
        return numbers.Length <= 1 ? numbers.FirstOrDefault()
            : Array.Find(numbers, field => field.Name == "Value")
            ?? throw new PictureException(PictureFault.SeveralValues, $"The entries of {map ?? "the map"} have several numbers: {string.Join(", ", numbers.Select(field => field.Name))}.", "Choose one by name.");
    }

    private void Agree(string? map, string? value, string? unit)
    {
        var source = $"{map ?? "objects"} ({value ?? "one for each"}{(unit is null ? "" : $", in {unit}")})";
        if (_source is null)
        {
            (_source, Profile.Name, Profile.Unit) = (source, map, unit);
            _names.Add(map ?? "");
        }
        else if (unit != Profile.Unit)
        {
            throw new PictureException(PictureFault.SeveralValues, $"Numbers of {_source} and of {source} cannot be added up.", "Filter the input by MapName, and draw each map separately.");
        }
        else if (map is not null && _names.Add(map))
        {
            Profile.Name = $"{Profile.Name}, {map}";
        }
    }

    private static Field Named(Field[] fields, string name, string? map) => Array.Find(fields, field => Is(field, name))
        ?? throw new PictureException(PictureFault.UnknownField, $"{map ?? "The object"} has no field '{name}'.", $"It has {string.Join(", ", fields.Select(field => field.Name))}.");

    private static Field StackNamed(Field[] fields, string name, string? map) => Named(fields, name, map) is { IsStack: true } stack
        ? stack
        : throw new PictureException(PictureFault.BadField, $"'{name}' of {map ?? "the objects"} is not a stack.", StackNames(fields));

    private static bool Is(Field field, string name) => string.Equals(field.Name, name, StringComparison.OrdinalIgnoreCase);

    private static string StackNames(Field[] fields) => fields.Where(field => field.IsStack).Select(field => field.Name).ToArray() is { Length: > 0 } names
        ? $"Stacks are {string.Join(", ", names)}."
        : "The objects do not have a stack field.";

    // The names of bee.h's types, and of Inspektor Gadget's fields.
    private static FrameKind SideOf(string name) =>
        name.Contains("user", StringComparison.OrdinalIgnoreCase) || name.Contains("ustack", StringComparison.OrdinalIgnoreCase) ? FrameKind.User
        : name.Contains("kern", StringComparison.OrdinalIgnoreCase) || name.Contains("kstack", StringComparison.OrdinalIgnoreCase) ? FrameKind.Kernel
        : FrameKind.Missing;

    private static string? UnitOf(RecordField? field, string? map, MapMetadata metadata) => field is null ? null
        : field.MetadataIn(metadata).Unit
            ?? (field.CName.Length == 0 ? metadata.Metric?.Unit ?? metadata.Unit : null)
            ?? HistogramPlan.UnitOf(field.Meaning)
            ?? HistogramUnits.OfName(field.CName.Length == 0 ? map ?? "" : "_" + field.CName);

    private static object? FieldOf(IReadOnlyList<KeyValuePair<string, object?>> fields, string name) => fields.FirstOrDefault(field => field.Key == name).Value;

    private static bool IsNumber(Type type) => (Nullable.GetUnderlyingType(type) ?? type) is { IsEnum: false } bare
        && (Type.GetTypeCode(bare) is >= TypeCode.SByte and <= TypeCode.Decimal || bare == typeof(BigInteger) || bare == typeof(TimeSpan));

    private static long? ToNumber(object? value) => value switch
    {
        null or Enum or bool or char => null,
        long number => number,
        ulong number => (long)Math.Min(number, long.MaxValue),
        double number => Whole(number),
        float number => Whole(number),
        decimal number => Whole((double)number),
        BigInteger number => (long)BigInteger.Max(long.MinValue, BigInteger.Min(long.MaxValue, number)),
        TimeSpan time => Whole(time.Ticks * 100.0),
        IConvertible number and not string and not DateTime => number.ToInt64(CultureInfo.InvariantCulture),
        _ => null,
    };

    private static long Whole(double number) => double.IsNaN(number) ? 0 : number >= long.MaxValue ? long.MaxValue : number <= long.MinValue ? long.MinValue : (long)Math.Round(number);

    private static string TextOf(object? value) => value switch
    {
        null => "",
        string text => TerminalText.Show(text),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        IEnumerable list => TerminalText.Show(string.Join(' ', list.Cast<object?>())),
        _ => TerminalText.Show(value.ToString() ?? ""),
    };

    private sealed record Field(string Name, bool IsStack, bool IsNumber, bool IsValue, string? Unit, Func<object, object?> Read);

    private sealed record ObjectPlan(Field[] Stacks, Field[] Groups, Field? Value, string Source);
}
