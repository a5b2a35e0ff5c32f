using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;
using Bee.Ebpf.Events;
using Bee.Ebpf.Records;

namespace Bee.Cmdlets.Views;

/// <summary>
/// Registers views for the types that a tool is about to emit, so that the first object is shown at once. Without a view, the formatter
/// waits for more objects and guesses widths.
/// </summary>
internal static class EventViews
{
    // Commands of pwsh, which an engine in another host may not have.
    private const string UpdateFormats = "Update-FormatData";
    private const string GetFormats = "Get-FormatData";
    private const string UpdateTypes = "Update-TypeData";

    private static readonly ConditionalWeakTable<Runspace, ViewList> s_known = new();

    /// <summary>Registers views for the streams of one tool: a separate table for one stream, a common one for several.</summary>
    public static void Register(PSCmdlet cmdlet, IReadOnlyList<RecordStream> streams) => Register(
        cmdlet,
        [.. streams.Select(stream => stream.Shape).OfType<IRecordShape>().DistinctBy(shape => shape.ClrType)],
        [.. streams.Select(stream => stream.HistogramType).OfType<HistogramType>().DistinctBy(type => type.ClrType)]);

    /// <summary>Registers a view for a map's entries.</summary>
    public static void Register(PSCmdlet cmdlet, IRecordShape shape) => Register(cmdlet, [shape], []);

    /// <summary>Reloads the views of the runspace.</summary>
    public static void Refresh(PSCmdlet cmdlet) => TryRun(cmdlet.WriteDebug, UpdateFormats);

    /// <summary>Returns the runspace's views of types.</summary>
    /// <param name="cmdlet">The cmdlet that is running.</param>
    /// <param name="types">The full names of the types; wildcards are allowed.</param>
    public static IReadOnlyList<ExtendedTypeDefinition> Definitions(PSCmdlet cmdlet, string types) => Definitions(cmdlet.WriteDebug, types);

    /// <summary>Registers views for types that are shown together.</summary>
    public static void Register(PSCmdlet cmdlet, IReadOnlyList<IRecordShape> shapes, IReadOnlyList<HistogramType> histograms)
    {
        // A runspace without an initial state, such as the proxy of a remote one, uses PowerShell's default views.
        if (Runspace.DefaultRunspace is not { InitialSessionState.Formats: { } formats } runspace)
        {
            return;
        }

        List<IRecordShape> nested = [.. shapes.SelectMany(Nested).DistinctBy(shape => shape.ClrType)];
        foreach (IRecordShape shape in shapes)
        {
            EventFields.Register(shape);
        }

        ViewList views = s_known.GetOrCreateValue(runspace);
        int screen = ScreenWidth.Of(cmdlet.Host);
        bool isNew = shapes.Count > 0 && views.Add(shapes, screen, formats);
        foreach (IRecordShape shape in nested)
        {
            isNew |= views.Add([shape], screen, formats);
        }

        // Histograms without other objects use the view in the format file.
        foreach (HistogramType type in shapes.Count == 0 ? [] : histograms)
        {
            isNew |= views.Add(type, formats);
        }

        AddMembers(views, shapes, nested, histograms, cmdlet.WriteDebug);
        if (isNew)
        {
            Refresh(cmdlet);
        }
    }

    /// <summary>Registers the views of objects from other processes in the current runspace. Types that it has views for already are ignored.</summary>
    /// <param name="shapes">The types.</param>
    /// <param name="histograms">The types of histograms, which use the view in the format file.</param>
    public static void Register(IReadOnlyList<IRecordShape> shapes, IReadOnlyList<HistogramType> histograms)
    {
        if (Runspace.DefaultRunspace is not { InitialSessionState.Formats: { } formats } runspace)
        {
            return;
        }

        ViewList views = s_known.GetOrCreateValue(runspace);
        List<IRecordShape> news = [.. shapes.Where(shape => views.IsNewRemote(shape.ClrType))];
        if (news.Count == 0 && !histograms.Any(type => views.IsNewRemote(type.ClrType)))
        {
            return;
        }

        List<IRecordShape> nested = [.. news.SelectMany(Nested).DistinctBy(shape => shape.ClrType)];
        bool isNew = false;
        foreach (IRecordShape shape in news.Concat(nested).Where(shape => !views.Has(shape.ClrType)))
        {
            isNew |= views.Add([shape], ScreenWidth.Default, formats);
        }

        AddMembers(views, news, nested, histograms, _ => { });
        if (isNew)
        {
            TryRun(_ => { }, UpdateFormats);
        }
    }

    /// <summary>Lets the current runspace send objects to other processes and convert those that it receives.</summary>
    public static void Prepare()
    {
        if (Runspace.DefaultRunspace?.InitialSessionState is not null)
        {
            TryRun(_ => { }, UpdateTypes, ("TypeData", (TypeData[])[.. EventMembers.OfAll(), .. RemoteRecord.Marked(RemoteTypes)]));
        }
    }

    private static IReadOnlyList<ExtendedTypeDefinition> Definitions(Action<string> debug, string types) =>
        [.. TryRun(debug, GetFormats, ("TypeName", types)).Select(definition => definition.BaseObject).OfType<ExtendedTypeDefinition>()];

    private static IEnumerable<string> RemoteTypes() => Definitions(_ => { }, $"Bee.*{RemoteRecord.Suffix}").SelectMany(definition => definition.TypeNames).Where(name => name.EndsWith(RemoteRecord.Suffix, StringComparison.Ordinal));

    private static void AddMembers(ViewList views, IEnumerable<IRecordShape> shapes, IEnumerable<IRecordShape> nested, IEnumerable<HistogramType> histograms, Action<string> debug)
    {
        TypeData[] types =
        [
            .. Members(shapes.Select(shape => shape.ClrType).Concat(histograms.Select(type => type.ClrType)), isPart: false),
            .. Members(nested.Select(shape => shape.ClrType), isPart: true),
        ];
        if (types.Length > 0)
        {
            TryRun(debug, UpdateTypes, ("TypeData", types));
        }

        IEnumerable<TypeData> Members(IEnumerable<Type> types, bool isPart) => types.Where(views.AddType)
            .SelectMany(type => EventMembers.Of(type, isPart).Concat(EventMembers.Enums(type).Where(views.AddType).Select(EventMembers.OfEnum)));
    }

    // Structs inside a type's objects are also shown by themselves ($event.inner).
    private static IEnumerable<IRecordShape> Nested(IRecordShape shape)
    {
        foreach (RecordField field in shape.Fields)
        {
            Type type = field.ClrType;
            while (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(BpfArray<>))
            {
                type = type.GetGenericArguments()[0];
            }

            if (typeof(BpfEvent).IsAssignableFrom(type) && RecordType.FieldsOf(type.FullName!) is { } fields)
            {
                var inner = new NestedShape(type, type.Name, fields);
                yield return inner;
                foreach (IRecordShape deeper in Nested(inner))
                {
                    yield return deeper;
                }
            }
        }
    }

    /// <summary>Runs a command of PowerShell for views or members. Returns an empty list if it fails.</summary>
    private static IReadOnlyList<PSObject> TryRun(Action<string> debug, string name, params (string Name, object Value)[] parameters)
    {
        try
        {
            return Run(debug, name, parameters);
        }
        catch (Exception fault) when (fault is InvalidRunspaceStateException or RuntimeException and not PipelineStoppedException)
        {
            // The runspace lacks the command or is not open yet, or another module's format file is broken. Objects are still written, without their view.
            debug($"{name}: {fault.Message}");
            return [];
        }
    }

    private static IReadOnlyList<PSObject> Run(Action<string> debug, string name, (string Name, object Value)[] parameters)
    {
        using var shell = PowerShell.Create(RunspaceMode.CurrentRunspace);

        // Created from its class: a lookup by name searches every folder of PATH and imports a module of a hundred commands, which takes a third of the first run's time.
        string type = $"Microsoft.PowerShell.Commands.{name.Replace("-", "", StringComparison.Ordinal)}Command, Microsoft.PowerShell.Commands.Utility";
        if (Type.GetType(type) is { } command)
        {
            shell.AddCommand(new CmdletInfo(name, command));
        }
        else
        {
            shell.AddCommand(name);
        }

        foreach ((string parameter, object value) in parameters)
        {
            shell.AddParameter(parameter, value);
        }

        IReadOnlyList<PSObject> output = shell.Invoke();
        foreach (ErrorRecord error in shell.Streams.Error)
        {
            debug($"{name}: {error}");
        }

        return output;
    }

    private sealed record NestedShape(Type ClrType, string Name, IReadOnlyList<RecordField> Fields) : IRecordShape;

    /// <summary>The views that were registered in a runspace.</summary>
    private sealed class ViewList
    {
        private readonly Dictionary<string, View> _views = [];
        private readonly HashSet<Type> _types = [];
        private readonly HashSet<Type> _remote = [];

        /// <summary>Marks a type's members as registered. Returns false if they already were.</summary>
        public bool AddType(Type type) => _types.Add(type);

        /// <summary>Adds the views of types that are shown together. Returns false if they exist for this screen width.</summary>
        public bool Add(IReadOnlyList<IRecordShape> shapes, int screen, InitialSessionStateEntryCollection<SessionStateFormatEntry> formats)
        {
            var names = shapes.Select(shape => shape.ClrType.FullName!).ToList();
            var group = string.Join('\n', shapes.Select(shape => $"{shape.ClrType.FullName} {EventColumns.Signature(shape)}").Prepend($"{screen}"));
            if (names.TrueForAll(name => _views.TryGetValue(name, out var view) && view.Group == group))
            {
                return false;
            }

            // A type can be shown alone first and with others later. The newer view replaces the older one. Types that shared an older common view lose
            // it too, until their tool runs again.
            foreach (var name in names)
            {
                if (_views.TryGetValue(name, out var old))
                {
                    Remove(formats, old);
                }
            }

            Keep(formats, new View(group, names, [.. Definitions(shapes, screen).Select(definition => new SessionStateFormatEntry(definition))]));
            return true;
        }

        /// <summary>Returns whether a type has any view.</summary>
        public bool Has(Type type) => _views.ContainsKey(type.FullName!);

        /// <summary>Marks a type as known from another process. Returns false if it already was.</summary>
        public bool IsNewRemote(Type type) => _remote.Add(type);

        /// <summary>Adds a view for histograms among other objects. Returns false if it exists.</summary>
        public bool Add(HistogramType type, InitialSessionStateEntryCollection<SessionStateFormatEntry> formats)
        {
            var name = type.ClrType.FullName!;
            if (_views.ContainsKey(name))
            {
                return false;
            }

            Keep(formats, new View(name, [name], [new SessionStateFormatEntry(HistogramView.AmongOthers(type))]));
            return true;
        }

        private static IEnumerable<ExtendedTypeDefinition> Definitions(IReadOnlyList<IRecordShape> shapes, int screen)
        {
            if (shapes.Count > 1)
            {
                yield return MixedTable.Of(shapes, screen);
            }

            foreach (var shape in shapes)
            {
                if (shapes.Count == 1)
                {
                    // The view also lists BpfEvent as a type name, so that a table in progress accepts objects of other event types. An object that starts a table gets the view of its own type.
                    var table = new ExtendedTypeDefinition(shape.ClrType.FullName!, [new FormatViewDefinition(shape.Name, EventTable.Of(shape, screen))]);
                    table.TypeNames.Add(typeof(BpfEvent).FullName!);
                    yield return table;
                }

                yield return new ExtendedTypeDefinition(shape.ClrType.FullName!, [new FormatViewDefinition(shape.Name, EventList.Of(shape))]);
            }
        }

        private void Keep(InitialSessionStateEntryCollection<SessionStateFormatEntry> formats, View view)
        {
            foreach (var entry in view.Entries)
            {
                formats.Add(entry);
            }

            foreach (var name in view.Types)
            {
                _views[name] = view;
            }
        }

        private void Remove(InitialSessionStateEntryCollection<SessionStateFormatEntry> formats, View view)
        {
            for (var i = formats.Count - 1; i >= 0; i--)
            {
                if (view.Entries.Contains(formats[i]))
                {
                    formats.RemoveItem(i);
                }
            }

            foreach (var name in view.Types)
            {
                _views.Remove(name);
            }
        }

        private sealed record View(string Group, IReadOnlyList<string> Types, IReadOnlyList<SessionStateFormatEntry> Entries);
    }
}

/// <summary>Creates the list view of an emitted type: all fields with exact values. Control characters are made visible.</summary>
internal static class EventList
{
    /// <summary>Returns the view's control.</summary>
    /// <param name="shape">The type and its fields.</param>
    public static ListControl Of(IRecordShape shape) => AddItems(ListControl.Create(outOfBand: false).StartEntry(null, null), shape).EndEntry().EndList();

    private static ListEntryBuilder AddItems(ListEntryBuilder entry, IRecordShape shape)
    {
        foreach (var field in shape.Fields)
        {
            entry.AddItemScriptBlock($"[Bee.Cmdlets.Views.EventText]::Item('{EventColumns.MeaningOf(shape, field)}', $_.{EventTable.Member(field.Name)}, $_)", field.Name, null);
        }

        return entry;
    }
}

/// <summary>
/// Creates the common table for a run with several streams: the map's name, the fields that all types have, and all other fields as text. PowerShell
/// uses the view of the first object for the whole pipeline, and shows objects that the view does not cover as lists. So one view must cover all types.
/// </summary>
internal static class MixedTable
{
    private const int MaxName = 20;
    // Leaves enough width for the column with the other fields.
    private const int MaxSharedPart = 2;

    /// <summary>Returns the definition of the view.</summary>
    /// <param name="shapes">All types of the run; at least two.</param>
    /// <param name="screen">The width of the screen in characters.</param>
    /// <returns>A definition for these types.</returns>
    public static ExtendedTypeDefinition Of(IReadOnlyList<IRecordShape> shapes, int screen)
    {
        var columns = new List<EventColumn>();
        var first = shapes[0];
        var width = shapes.Max(shape => Math.Clamp(shape.Name.Length, "MapName".Length, MaxName));
        var left = screen / MaxSharedPart;
        foreach (var field in EventColumns.Shown(first).Where(field => IsShared(field) && shapes.All(shape => Has(shape, field))))
        {
            var needed = field.MetadataIn(first.Metadata).Width ?? (field.IsExtra ? EventColumns.Least(field) : Math.Max(Math.Min(field.Width, 16), field.Name.Length));
            if (needed + 1 <= left)
            {
                columns.Add(EventColumns.Column(first, field, needed));
                left -= needed + 1;
            }
        }

        var table = TableControl.Create(outOfBand: false, autoSize: false, hideTableHeaders: false);
        var hosts = columns.Where(column => EventColumns.IsHost(column.Field)).ToList();
        var others = columns.Except(hosts).ToList();
        hosts.ForEach(AddHeader);
        table.AddHeader(Alignment.Left, width, "MapName");
        others.ForEach(AddHeader);
        var row = table.AddHeader(Alignment.Left, EventTable.Rest, "Details").StartRowDefinition(wrap: false, null, null);
        hosts.ForEach(column => EventTable.AddColumn(row, column));
        row.AddPropertyColumn("MapName", Alignment.Left, null);
        others.ForEach(column => EventTable.AddColumn(row, column));

        var shown = EventTable.Member(string.Join(',', columns.Select(column => column.Field.Name).Prepend("MapName")));
        row.AddScriptBlockColumn($"[Bee.Cmdlets.Views.EventText]::Details($_, {shown})", Alignment.Left, null).EndRowDefinition();
        var definition = new ExtendedTypeDefinition(first.ClrType.FullName!, [new FormatViewDefinition("Bee.Events", table.EndTable())]);
        definition.TypeNames.AddRange(shapes.Skip(1).Select(shape => shape.ClrType.FullName!));
        return definition;

        void AddHeader(EventColumn column) => table.AddHeader(EventTable.AlignmentOf(column.AlignRight), column.Width, column.Field.Name);
    }

    private static bool IsShared(RecordField field) => field.CName.Length > 0 || field.IsExtra;

    private static bool Has(IRecordShape shape, RecordField field) =>
        EventColumns.Shown(shape).Any(other => other.Name == field.Name && other.Meaning == field.Meaning && IsShared(other));
}

/// <summary>The view of histograms among events.</summary>
internal static class HistogramView
{
    /// <summary>
    /// Returns a view that draws a histogram outside the surrounding table. PowerShell uses the view of the first object for the whole pipeline, so without it a histogram
    /// among events would be shown as a list of properties. The drawback is that Format-List and Format-Table also draw it, unless -Force is used. So
    /// the view is registered only for runs that need it.
    /// </summary>
    public static ExtendedTypeDefinition AmongOthers(HistogramType type)
    {
        CustomControl drawing = CustomControl.Create(outOfBand: true)
            .StartEntry(null, null)
            .AddScriptBlockExpressionBinding("[Bee.Cmdlets.Views.HistogramText]::Draw($_, $Host)", false, null, null, null)
            .AddNewline(1)
            .EndEntry()
            .EndControl();
        return new ExtendedTypeDefinition(type.ClrType.FullName!, [new FormatViewDefinition("Bee.Histograms", drawing)]);
    }
}
