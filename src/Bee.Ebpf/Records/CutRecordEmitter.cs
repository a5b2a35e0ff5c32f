using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Reflection.Emit;

namespace Bee.Ebpf.Records;

/// <summary>
/// Emits the classes for records whose length is not that of their type: one for those that end early, with the same properties, null where a field is cut off;
/// and one for those that go on, which derives from the type and has the bytes behind it.
/// </summary>
internal static class CutRecordEmitter
{
    /// <summary>The name of the static method that wraps an object that was decoded from zeros behind the record's end.</summary>
    public const string Wrap = "Wrap";

    /// <summary>Emits the class for records that end early.</summary>
    /// <param name="module">Where.</param>
    /// <param name="name">Its name.</param>
    /// <param name="whole">The class of whole records.</param>
    /// <param name="fields">The fields of that.</param>
    public static Type EmitTruncated(ModuleBuilder module, string name, Type whole, IReadOnlyList<RecordField> fields)
    {
        var parent = typeof(TruncatedEvent);
        var type = module.DefineType(name, TypeAttributes.Public | TypeAttributes.Sealed | TypeAttributes.Class, parent);
        EmittedTypes.HideIndexer(type);
        var parentConstructor = parent.GetConstructor(BindingFlags.Instance | BindingFlags.NonPublic, [typeof(BpfEvent), typeof(int)])!;
        var constructor = type.DefineConstructor(MethodAttributes.Private, CallingConventions.Standard, [typeof(BpfEvent), typeof(int)]);
        var il = constructor.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Ldarg_2);
        il.Emit(OpCodes.Call, parentConstructor);
        il.Emit(OpCodes.Ret);

        var wrap = type.DefineMethod(Wrap, MethodAttributes.Assembly | MethodAttributes.Static, typeof(BpfEvent), [typeof(BpfEvent), typeof(int)]).GetILGenerator();
        wrap.Emit(OpCodes.Ldarg_0);
        wrap.Emit(OpCodes.Ldarg_1);
        wrap.Emit(OpCodes.Newobj, constructor);
        wrap.Emit(OpCodes.Ret);

        foreach (var field in fields)
        {
            Property(type, whole, field);
        }

        return type.CreateType();
    }

    private static void Property(TypeBuilder type, Type whole, RecordField field)
    {
        var property = type.DefineProperty(field.Name, PropertyAttributes.None, typeof(object), null);
        var getter = type.DefineMethod("get_" + field.Name, MethodAttributes.Public | MethodAttributes.HideBySig | MethodAttributes.SpecialName, typeof(object), Type.EmptyTypes);
        var il = getter.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Call, typeof(TruncatedEvent).GetMethod(nameof(TruncatedEvent.WholeEvent), BindingFlags.Instance | BindingFlags.NonPublic)!);
        il.Emit(OpCodes.Castclass, whole);
        il.Emit(OpCodes.Call, whole.GetProperty(field.Name)!.GetMethod!);
        if (field.ClrType.IsValueType)
        {
            il.Emit(OpCodes.Box, field.ClrType);
        }

        il.Emit(OpCodes.Ldc_I4, field.Offset);
        // Of text and words what came is text and words: the zeros behind end them.
        il.Emit(OpCodes.Ldc_I4, field.Meaning is FieldMeaning.Text or FieldMeaning.Words ? Math.Min(field.Size, 1) : field.Size);
        il.Emit(OpCodes.Call, typeof(TruncatedEvent).GetMethod(nameof(TruncatedEvent.Present), BindingFlags.Instance | BindingFlags.NonPublic)!);
        il.Emit(OpCodes.Ret);
        property.SetGetMethod(getter);
    }

    /// <summary>Emits the class for records that go on behind their type.</summary>
    /// <param name="module">Where.</param>
    /// <param name="name">Its name.</param>
    /// <param name="whole">The class of whole records.</param>
    public static Type EmitLonger(ModuleBuilder module, string name, Type whole)
    {
        const BindingFlags Own = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        var type = module.DefineType(name, TypeAttributes.Public | TypeAttributes.Sealed | TypeAttributes.Class, whole);
        var rest = type.DefineField("_rest", typeof(byte[]), FieldAttributes.Private);
        var constructor = type.DefineConstructor(MethodAttributes.Private, CallingConventions.Standard, Type.EmptyTypes);
        var il = constructor.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Call, whole.GetConstructor(Own, Type.EmptyTypes)!);
        il.Emit(OpCodes.Ret);

        var wrap = type.DefineMethod(Wrap, MethodAttributes.Assembly | MethodAttributes.Static, typeof(BpfEvent), [typeof(BpfEvent), typeof(byte[])]).GetILGenerator();
        wrap.Emit(OpCodes.Newobj, constructor);
        foreach (var field in whole.GetFields(Own))
        {
            wrap.Emit(OpCodes.Dup);
            wrap.Emit(OpCodes.Ldarg_0);
            wrap.Emit(OpCodes.Castclass, whole);
            wrap.Emit(OpCodes.Ldfld, field);
            wrap.Emit(OpCodes.Stfld, field);
        }

        wrap.Emit(OpCodes.Dup);
        wrap.Emit(OpCodes.Ldarg_1);
        wrap.Emit(OpCodes.Stfld, rest);
        wrap.Emit(OpCodes.Ret);

        var bytes = type.DefineMethod("RestBytes", MethodAttributes.FamANDAssem | MethodAttributes.Virtual | MethodAttributes.HideBySig, typeof(byte[]), Type.EmptyTypes).GetILGenerator();
        bytes.Emit(OpCodes.Ldarg_0);
        bytes.Emit(OpCodes.Ldfld, rest);
        bytes.Emit(OpCodes.Ret);
        return type.CreateType();
    }
}

/// <summary>
/// An event whose record ended before its type did. Emitted types add the properties of the type, each null where its field is cut off; of text and arrays what
/// came is there.
/// </summary>
public abstract class TruncatedEvent : BpfEvent
{
    // Decoded from the record with zeros behind it.
    private readonly BpfEvent _whole;
    private readonly int _length;

    /// <summary>Makes the base of an emitted event.</summary>
    /// <param name="whole">The record with zeros behind it.</param>
    /// <param name="length">How many bytes came.</param>
    private protected TruncatedEvent(BpfEvent whole, int length)
    {
        _whole = whole;
        _length = length;
    }

    /// <summary>True: fields are missing. Events whose record is whole have no such property.</summary>
    [SuppressMessage("Performance", "CA1822", Justification = "A property of the event, which views and serializers read from the instance.")]
    public bool Truncated => true;

    /// <summary>The class of events of the same map whose record is whole.</summary>
    /// <returns>The class.</returns>
    public Type WholeType() => _whole.GetType();

    /// <summary>The record with zeros behind it.</summary>
    /// <returns>The event.</returns>
    internal BpfEvent WholeEvent() => _whole;

    /// <summary>A field's value as far as it came.</summary>
    /// <param name="value">Its value with zeros where the record has ended.</param>
    /// <param name="offset">Where the field begins.</param>
    /// <param name="size">How many bytes it has.</param>
    /// <returns>The value; of text and arrays the part that came; null for what is cut off.</returns>
    internal object? Present(object? value, int offset, int size) =>
        offset + size <= _length ? value
        : offset >= _length ? null
        : value is IPartialArray { Count: > 0 } array ? array.First((_length - offset) / (size / array.Count)) : null;

    /// <inheritdoc/>
    private protected override RecordHost? GetHost() => _whole.Host;

    /// <inheritdoc/>
    private protected override void SetHost(RecordHost host) => _whole.Bind(host);

    /// <inheritdoc/>
    private protected override Symbols.StackTrace[]? GetTraces() => _whole.Traces;

    /// <inheritdoc/>
    private protected override ReadOnlySpan<byte> RecordBytes() => _whole.BytesOfRecord() is var bytes && bytes.Length > _length ? bytes[.._length] : bytes;
}

/// <summary>An array of a record that ended inside of it.</summary>
internal interface IPartialArray
{
    /// <summary>How many elements there are.</summary>
    int Count { get; }

    /// <summary>The first elements, as an array of the same type.</summary>
    object First(int count);
}
