using System.ComponentModel;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using Bee.Ebpf.Packing;
using Bee.Ebpf.Records;

namespace Bee.Cmdlets.Views;

/// <summary>
/// The type that PowerShell converts deserialized events, entries and histograms to. Its converter returns an object of the original type, which it decodes from the bytes that travel with the object.
/// </summary>
[TypeConverter(typeof(RemoteRecordConverter))]
public sealed class RemoteRecord
{
    /// <summary>The name of the property with the bytes. It contains a blank, which no C identifier can.</summary>
    internal const string Packed = "Packed event";

    /// <summary>The end of the type name of objects from another computer. Their views have the column PSComputerName.</summary>
    internal const string Suffix = "#Remote";

    /// <summary>The version of the bytes, which the first byte states. The second byte has flags.</summary>
    private const byte Version = 1, FromSsh = 1;

    // A longer object travels without its bytes: a receiver keeps them until it has converted the object.
    private const int MostBytes = 4 * 1024 * 1024;

    private static readonly bool s_isSshServer = Environment.GetCommandLineArgs().Skip(1).Any(IsSshServer);

    private RemoteRecord()
    {
    }

    /// <summary>Returns the bytes of an object, for serialization. They contain its values, its type, and what the view needs.</summary>
    /// <param name="record">An event, entry or histogram.</param>
    /// <returns>The bytes; null for a part of an event.</returns>
    public static object? Pack(PSObject? record) =>
        record?.BaseObject is BpfEvent e && PackedEvent.Pack(e) is { Length: <= MostBytes } bytes ? (byte[])[Version, s_isSshServer ? FromSsh : (byte)0, .. bytes] : null;

    /// <summary>Returns the object that a deserialized object describes.</summary>
    /// <param name="bag">The deserialized object.</param>
    /// <returns>An object of the original type with the members that were added to it; the same object if it has no valid bytes.</returns>
    internal static PSObject Unpack(PSObject bag)
    {
        if (EventText.Base(bag.Properties[Packed]?.Value) is not byte[] { Length: > 2 and <= MostBytes + 2 } bytes || bytes[0] != Version)
        {
            return bag;
        }

        try
        {
            BpfEvent e = PackedEvent.Unpack(bytes.AsSpan(2), out EventUnpacker unpacker);
            var live = new PSObject(e);
            bool isRemote = CopyMembers(bag, live, e) || ((bytes[1] & FromSsh) != 0 && Runspace.DefaultRunspace is null);
            if (isRemote)
            {
                live.TypeNames.Insert(0, e.GetType().FullName + Suffix);
                // The view has the column already. PowerShell would add another one.
                Set(live, "PSShowComputerName", false);
            }

            EventViews.RegisterEverywhere(unpacker.Shapes, unpacker.Histograms, isRemote);
            return live;
        }
        catch (PackException)
        {
            // The sender has a later version, or the bytes are damaged. The properties are still there.
            return bag;
        }
    }

    /// <summary>Returns whether PowerShell was started as the server of an ssh connection: <c>-SSHServerMode</c>, <c>-sshs</c>.</summary>
    internal static bool IsSshServer(string argument) =>
        argument.TrimStart('-', '/') is { Length: >= 4 } name && name.Length < argument.Length && "sshservermode".StartsWith(name, StringComparison.OrdinalIgnoreCase);

    // Returns whether the object came from another computer before.
    private static bool CopyMembers(PSObject bag, PSObject live, BpfEvent e)
    {
        bool isRemote = false;
        foreach (PSPropertyInfo property in bag.Properties)
        {
            if (property is PSNoteProperty && property.Name is not (Packed or EventMembers.Shown) && e.GetType().GetProperty(property.Name) is null)
            {
                Set(live, property.Name, property.Value);
                isRemote |= property.Name == "PSComputerName" && EventText.Base(property.Value) is string { Length: > 0 };
            }
        }

        return isRemote && bag.TypeNames.Any(name => name.EndsWith(Suffix, StringComparison.Ordinal));
    }

    private static void Set(PSObject live, string name, object? value)
    {
        live.Properties.Remove(name);
        live.Properties.Add(new PSNoteProperty(name, value), preValidated: true);
    }
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
