using System.Management.Automation;
using System.Management.Automation.Host;
using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;

namespace Bee.Cmdlets.Views;

/// <summary>
/// Removes columns from the tables of formats/Bee.Format.ps1xml, which are designed for 80 columns, if the screen is narrower. Otherwise the formatter would reduce
/// the first column that does not fit to one or two letters.
/// </summary>
internal static class NarrowTables
{
    // A narrower column is unreadable.
    private const int LeastOfRest = 3;

    /// <summary>The minimum width of a column without a fixed width that is not the last. It gets the remaining space.</summary>
    public const int LeastOfElastic = 10;

    private static readonly ConditionalWeakTable<Runspace, State> s_adapted = new();

    /// <summary>Fits the tables of Bee's types to the screen. Does nothing if the screen has 80 columns or more.</summary>
    /// <param name="cmdlet">The cmdlet whose objects are about to be shown.</param>
    public static void Adapt(PSCmdlet cmdlet)
    {
        int screen = Math.Min(ScreenWidth.Of(cmdlet.Host), ScreenWidth.Default);
        if (Runspace.DefaultRunspace is not { InitialSessionState.Formats: { } formats } runspace || screen == (s_adapted.TryGetValue(runspace, out State? known) ? known.Screen : ScreenWidth.Default))
        {
            return;
        }

        State state = s_adapted.GetValue(runspace, _ => new State(OfFile(cmdlet, formats)));
        state.Screen = screen;
        SessionStateFormatEntry[] others = [.. formats.Where(entry => !state.Entries.Contains(entry))];
        state.Entries = screen == ScreenWidth.Default ? [] : [.. state.Tables.Select(table => Narrow(table, screen)).OfType<ExtendedTypeDefinition>().Select(table => new SessionStateFormatEntry(table))];
        formats.Clear();
        // If a type has several tables, the first one applies.
        foreach (SessionStateFormatEntry entry in state.Entries.Concat(others))
        {
            formats.Add(entry);
        }

        EventViews.Refresh(cmdlet);
    }

    /// <summary>Returns a type's views with the columns that fit; null if all fit.</summary>
    internal static ExtendedTypeDefinition? Narrow(ExtendedTypeDefinition type, int screen) =>
        type.FormatViewDefinition.Exists(view => view.Control is TableControl table && Fitting(table, screen) < table.Headers.Count)
            // List views are not copied: a copy would lose the conditions of their lines.
            ? new ExtendedTypeDefinition(type.TypeName, type.FormatViewDefinition.Where(view => view.Control is not ListControl).Select(view => view.Control is TableControl table ? new FormatViewDefinition(view.Name, Narrow(table, screen)) : view))
            : null;

    // Views without a file belong to EventViews, which creates them for the screen. Tables of objects from other hosts have several row definitions, which PowerShell takes only from a file;
    // they keep their columns, of which the formatter omits the last ones.
    private static List<ExtendedTypeDefinition> OfFile(PSCmdlet cmdlet, IEnumerable<SessionStateFormatEntry> formats)
    {
        HashSet<string> made = [.. formats.Select(entry => entry.FormatData?.TypeName).OfType<string>()];
        return [.. EventViews.Definitions(cmdlet, "Bee.*").Where(type => !made.Contains(type.TypeName) && !type.FormatViewDefinition.Exists(view => view.Control is TableControl { Rows.Count: > 1 }))];
    }

    // Each of these tables has one row definition.
    private static TableControl Narrow(TableControl table, int screen)
    {
        int fitting = Fitting(table, screen);
        if (fitting == table.Headers.Count)
        {
            return table;
        }

        var narrow = new TableControl { AutoSize = table.AutoSize, GroupBy = table.GroupBy, HideTableHeaders = table.HideTableHeaders, OutOfBand = table.OutOfBand };
        for (int i = 0; i < fitting; i++)
        {
            TableControlColumnHeader header = table.Headers[i];
            bool takesRest = i == fitting - 1 && header.Alignment != Alignment.Right && narrow.Headers.TrueForAll(before => before.Width > 0);
            narrow.Headers.Add(new TableControlColumnHeader(header.Label, takesRest ? EventTable.Rest : header.Width, header.Alignment));
        }

        foreach (TableControlRow row in table.Rows)
        {
            var cut = new TableControlRow { Wrap = row.Wrap };
            cut.Columns.AddRange(row.Columns.Take(fitting));
            narrow.Rows.Add(cut);
        }

        return narrow;
    }

    // The formatter leaves the last column of the screen free. At least one column is always shown.
    private static int Fitting(TableControl table, int screen)
    {
        int used = -1;
        for (int i = 0; i < table.Headers.Count; i++)
        {
            used += 1 + (table.Headers[i].Width > 0 ? table.Headers[i].Width : i == table.Headers.Count - 1 ? LeastOfRest : LeastOfElastic);
            if (used >= screen && i > 0)
            {
                return i;
            }
        }

        return table.Headers.Count;
    }

    /// <summary>The tables of a runspace for 80 columns, and their replacements.</summary>
    private sealed class State(IReadOnlyList<ExtendedTypeDefinition> tables)
    {
        public IReadOnlyList<ExtendedTypeDefinition> Tables { get; } = tables;

        public IReadOnlyList<SessionStateFormatEntry> Entries { get; set; } = [];

        public int Screen { get; set; } = ScreenWidth.Default;
    }
}

/// <summary>The width of the terminal, for which tables and bars are drawn.</summary>
internal static class ScreenWidth
{
    /// <summary>The width without a terminal, or if the host does not report its width.</summary>
    public const int Default = 80;

    // A narrower table has no room for names, and a longer bar is no easier to compare.
    private const int Least = 40, Most = 1000;

    /// <summary>Returns the width of a host's screen, between 40 and 1000.</summary>
    /// <param name="host">The host, or null.</param>
    public static int Of(PSHost? host)
    {
        try
        {
            return host?.UI?.RawUI?.BufferSize.Width is { } width and > 0 ? Math.Clamp(width, Least, Most) : Default;
        }
        catch (Exception)
        {
            // RawUI is the host's code. Hosts without a screen, such as those of services and remote sessions, throw exceptions of any type from it.
            return Default;
        }
    }
}
