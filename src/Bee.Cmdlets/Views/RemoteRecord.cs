using System.ComponentModel;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;
using Bee.Ebpf.Packing;
using Bee.Ebpf.Records;

namespace Bee.Cmdlets.Views;

/// <summary>
/// Lets events, entries and histograms travel to other processes. An object is serialized with its properties as plain values, and with bytes that contain its values, its type and what its view needs.
/// A receiver with the module decodes them to an object of the original type.
/// </summary>
/// <remarks>
/// <para>PowerShell converts a deserialized object with this class's converter in jobs, in Import-Clixml, and over WinRM. Over ssh it knows only its own types, and the object stays a bag of properties. The views
/// then decode the bytes.</para>
/// <para>The bytes are in a member set, which no command shows as a property. Nothing in them is run: they are validated, as those of a capture file are.</para>
/// </remarks>
[TypeConverter(typeof(RemoteRecordConverter))]
public sealed class RemoteRecord
{
    /// <summary>The name of the member set. It contains a blank, which no C identifier can.</summary>
    internal const string Members = "Packed event";

    /// <summary>The end of the first type name of objects from another computer. Their views have the column PSComputerName.</summary>
    internal const string Suffix = "#Remote";

    /// <summary>The property with the name of the computer that an object is from.</summary>
    internal const string ComputerName = ExtraNames.ComputerName;

    private const string Bytes = "Bytes";
    private const string ShowComputerName = "PSShowComputerName";

    /// <summary>The version of the bytes, which the first byte states.</summary>
    private const byte Version = 1;

    // A longer object travels without its bytes.
    private const int MostBytes = 4 * 1024 * 1024;

    private static readonly string[] s_arguments = [.. Environment.GetCommandLineArgs().Skip(1).TakeWhile(argument => argument.StartsWith('-'))];
    private static readonly bool s_isSshServer = s_arguments.Any(IsSshServer);
    private static readonly string s_anyRemote = typeof(BpfEvent).FullName + Suffix;
    private static readonly ConditionalWeakTable<byte[], Decoded> s_decoded = [];

    // The types with a table for objects from other computers, except those of events.
    private static HashSet<string> s_tables = [];

    private RemoteRecord()
    {
    }

    /// <summary>
    /// Returns the text of an object. PowerShell calls this method just before it writes the members of an object to another process, so it adds the member set with the bytes to an event, entry or histogram, and the name of the view for other computers to other objects.
    /// </summary>
    /// <param name="record">The object.</param>
    /// <returns>The object's own text.</returns>
    public static string Text(PSObject? record)
    {
        if (record?.BaseObject is BpfEvent e && PackedEvent.CanPack(e) && record.Members[Members] is null)
        {
            record.Members.Add(new PSMemberSet(Members, [new PSCodeProperty(Bytes, typeof(RemoteRecord).GetMethod(nameof(Pack)))]));
            if (s_isSshServer)
            {
                Rename(record, e, isRemote: true);
            }
        }

        else if (s_isSshServer && record?.BaseObject.GetType().FullName is { } name && s_tables.Contains(name) && !record.TypeNames.Contains(name + Suffix))
        {
            record.TypeNames.Insert(0, name + Suffix);
        }

        return record?.BaseObject.ToString() ?? string.Empty;
    }

    /// <summary>Returns the members with which a server of ssh marks objects that have a table with a column for the computer; empty in other processes.</summary>
    /// <param name="tables">Returns the full names of the types with such a table, which end with <see cref="Suffix"/>.</param>
    internal static TypeData[] Marked(Func<IEnumerable<string>> tables)
    {
        if (!s_isSshServer)
        {
            return [];
        }

        s_tables = [.. tables().Where(name => name != s_anyRemote).Select(name => name[..^Suffix.Length])];
        return [.. s_tables.Select(name =>
        {
            var members = new TypeData(name);
            members.Members.Add(nameof(ToString), TextMember());
            return members;
        })];
    }

    /// <summary>Returns the bytes of an object.</summary>
    /// <param name="record">An event, entry or histogram.</param>
    /// <returns>The bytes; null for a part of an event.</returns>
    public static object? Pack(PSObject? record) =>
        record?.BaseObject is BpfEvent e && PackedEvent.Pack(e) is { Length: < MostBytes } bytes ? (byte[])[Version, .. bytes] : null;

    /// <summary>Returns the event, entry or histogram that an object is or describes; null for other objects.</summary>
    internal static BpfEvent? EventOf(PSObject? record) => record?.BaseObject as BpfEvent ?? DecodedOf(record)?.Event;

    /// <summary>Returns the types of a deserialized object, as its bytes define them; null for other objects.</summary>
    internal static EventUnpacker? TypesOf(PSObject record) => DecodedOf(record)?.Types;

    /// <summary>Returns whether a view shows the name of the computer that an object is from.</summary>
    internal static bool IsFromComputer(PSObject record) => EventText.Base(record.Properties[ComputerName]?.Value) is string { Length: > 0 }
        && (EventText.Base(record.Properties[ShowComputerName]?.Value) as bool? ?? IsRemote(record));

    /// <summary>Returns the object that a deserialized object describes.</summary>
    /// <param name="bag">The deserialized object.</param>
    /// <returns>An object of the original type with the members that were added to it; the same object if it has no valid bytes.</returns>
    internal static PSObject Unpack(PSObject bag)
    {
        if (DecodedOf(bag) is not { Event: { } e } decoded)
        {
            return bag;
        }

        var live = new PSObject(e);
        Rename(live, e, IsRemote(bag));

        foreach (PSPropertyInfo property in bag.Properties)
        {
            if (property is PSNoteProperty && property.Name != EventMembers.Shown && e.GetType().GetProperty(property.Name) is null)
            {
                live.Properties.Add(new PSNoteProperty(property.Name, property.Value), preValidated: true);
            }
        }

        // The runspace has no members for the type yet. The object may travel on, or be exported.
        live.Members.Add(new PSMemberSet(Members, [new PSNoteProperty(Bytes, (bag.Members[Members] as PSMemberSet)?.Properties[Bytes]?.Value)]), preValidated: true);
        foreach (string time in EventMembers.Times(e.GetType()))
        {
            live.Properties.Add(new PSNoteProperty(time, EventTime.Of(e, time)), preValidated: true);
        }

        if (Runspace.DefaultRunspace is not null)
        {
            EventViews.Register(decoded.Types.Shapes, decoded.Types.Histograms);
        }

        return live;
    }

    /// <summary>The names under which objects of an emitted type are serialized.</summary>
    internal static IEnumerable<string> NamesOf(Type type) => s_isSshServer ? [type.FullName!, type.FullName + Suffix] : [type.FullName!];

    /// <summary>
    /// Returns <see cref="Text"/> as a member of types. PowerShell compiles a code method again for each call, which takes a fraction of a millisecond, but a script needs a runspace on the
    /// thread that asks for the text. Servers have one, and serialize many objects.
    /// </summary>
    internal static TypeMemberData TextMember() => s_isSshServer || s_arguments.Any(IsJobServer)
        ? new ScriptMethodData(nameof(ToString), ScriptBlock.Create("[Bee.Cmdlets.Views.RemoteRecord]::Text($this)"))
        : new CodeMethodData(nameof(ToString), typeof(RemoteRecord).GetMethod(nameof(Text))!);

    private static bool IsJobServer(string argument) => argument is "-s" or "-servermode";

    /// <summary>Returns whether an argument starts PowerShell as the server of an ssh connection: <c>-SSHServerMode</c>, <c>-sshs</c>.</summary>
    internal static bool IsSshServer(string argument) =>
        argument.TrimStart('-', '/') is { Length: >= 4 } name && name.Length < argument.Length && "sshservermode".StartsWith(name, StringComparison.OrdinalIgnoreCase);

    private static void Rename(PSObject record, BpfEvent e, bool isRemote)
    {
        string name = e.GetType().FullName!;
        if (isRemote)
        {
            // A view of objects of this computer has no column for the name of the computer, so it must not apply. Longer and truncated records have the name of the complete type too.
            for (Type type = e.GetType(); !type.IsAbstract; type = type.BaseType!)
            {
                record.TypeNames.Remove(type.FullName!);
            }

            if (e is TruncatedEvent truncated)
            {
                record.TypeNames.Remove(truncated.WholeType().FullName!);
            }

            record.TypeNames.Insert(0, name + Suffix);
        }

        if (e is not Histogram)
        {
            // The format file has a view for this name, which applies if the type has none. Views of other types apply to BpfEvent too.
            record.TypeNames.Insert(1, s_anyRemote);
        }
    }

    private static bool IsRemote(PSObject record) => record.TypeNames.Any(name => name.EndsWith(Suffix, StringComparison.Ordinal) && !name.EndsWith(s_anyRemote, StringComparison.Ordinal));

    private static Decoded? DecodedOf(PSObject? bag) =>
        bag?.BaseObject is PSCustomObject && bag.Members[Members] is PSMemberSet set && EventText.Base(set.Properties[Bytes]?.Value) is byte[] bytes && s_decoded.GetValue(bytes, Decode) is { Event: not null } decoded
            ? decoded
            : null;

    private static Decoded Decode(byte[] bytes)
    {
        try
        {
            if (bytes.Length is > 1 and <= MostBytes && bytes[0] == Version)
            {
                BpfEvent e = PackedEvent.Unpack(bytes.AsSpan(1), out EventUnpacker types);
                foreach (IRecordShape shape in types.Shapes)
                {
                    EventFields.Register(shape);
                }

                return new Decoded(e, types);
            }
        }
        catch (PackException)
        {
            // The sender has a later version, or the bytes are damaged. The properties are still there.
        }

        return new Decoded(null, new EventUnpacker());
    }

    private sealed record Decoded(BpfEvent? Event, EventUnpacker Types);
}

/// <summary>Converts deserialized events, entries and histograms to objects of their original type.</summary>
public sealed class RemoteRecordConverter : PSTypeConverter
{
    /// <inheritdoc/>
    public override bool CanConvertFrom(object sourceValue, Type destinationType) => sourceValue is PSObject;

    /// <inheritdoc/>
    public override bool CanConvertFrom(PSObject sourceValue, Type destinationType) => true;

    /// <inheritdoc/>
    public override object ConvertFrom(object sourceValue, Type destinationType, IFormatProvider formatProvider, bool ignoreCase) => ConvertFrom(PSObject.AsPSObject(sourceValue), destinationType, formatProvider, ignoreCase);

    /// <inheritdoc/>
    public override object ConvertFrom(PSObject sourceValue, Type destinationType, IFormatProvider formatProvider, bool ignoreCase) => RemoteRecord.Unpack(sourceValue);

    /// <inheritdoc/>
    public override bool CanConvertTo(object sourceValue, Type destinationType) => false;

    /// <inheritdoc/>
    public override object ConvertTo(object sourceValue, Type destinationType, IFormatProvider formatProvider, bool ignoreCase) => throw new PSInvalidCastException();
}

/// <summary>Prepares a runspace that imports the module for objects from other processes.</summary>
public sealed class ModuleStart : IModuleAssemblyInitializer
{
    /// <inheritdoc/>
    public void OnImport() => EventViews.Prepare();
}
