using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Reflection.Emit;

namespace Bee.Ebpf.Records;

/// <summary>
/// Emits the classes for records whose length differs from their type. The class for a shorter record has the same properties, which are null if the field is missing. The class for a longer record
/// derives from the type's class and keeps the remaining bytes.
/// </summary>
internal static class CutRecordEmitter
{
    /// <summary>The name of the static method that wraps a decoded object.</summary>
    public const string Wrap = "Wrap";

    /// <summary>Emits the class for shorter records.</summary>
    /// <param name="module">The module to emit into.</param>
    /// <param name="name">The name of the class.</param>
    /// <param name="whole">The class for complete records.</param>
    /// <param name="fields">The fields of that class.</param>
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
        // Partial text and words are still valid: the zeros behind them end them.
        il.Emit(OpCodes.Ldc_I4, field.Meaning is FieldMeaning.Text or FieldMeaning.Words ? Math.Min(field.Size, 1) : field.Size);
        il.Emit(OpCodes.Call, typeof(TruncatedEvent).GetMethod(nameof(TruncatedEvent.Present), BindingFlags.Instance | BindingFlags.NonPublic)!);
        il.Emit(OpCodes.Ret);
        property.SetGetMethod(getter);
        if (TypeEmitter.IsNotCompared(field.Name, field.IsExtra))
        {
            TypeEmitter.MarkNotCompared(property);
        }
    }

    /// <summary>Emits the class for longer records.</summary>
    /// <param name="module">The module to emit into.</param>
    /// <param name="name">The name of the class.</param>
    /// <param name="whole">The class for complete records.</param>
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
/// An event whose record was shorter than its type. Generated classes add the properties of the type. A property is null if its field is missing; text and arrays have the part that was sent.
/// </summary>
public abstract class TruncatedEvent : BpfEvent
{
    // Decoded from the record padded with zeros.
    private readonly BpfEvent _whole;
    private readonly int _length;

    /// <summary>Creates the base of a generated event.</summary>
    /// <param name="whole">The event that was decoded from the record padded with zeros.</param>
    /// <param name="length">The length of the record in bytes.</param>
    private protected TruncatedEvent(BpfEvent whole, int length)
    {
        _whole = whole;
        _length = length;
    }

    /// <summary>Always true. Events of complete records do not have this property.</summary>
    [SuppressMessage("Performance", "CA1822", Justification = "A property of the event, which views and serializers read from the instance.")]
    public bool Truncated => true;

    /// <summary>Returns the class of complete events of the same map.</summary>
    /// <returns>The class.</returns>
    public Type WholeType() => _whole.GetType();

    /// <summary>Returns the event that was decoded from the record padded with zeros.</summary>
    /// <returns>The event.</returns>
    internal BpfEvent WholeEvent() => _whole;

    /// <summary>Returns the part of a field's value that was sent.</summary>
    /// <param name="value">The value that was decoded from the padded record.</param>
    /// <param name="offset">The offset of the field.</param>
    /// <param name="size">The size of the field in bytes.</param>
    /// <returns>The value; for text and arrays, the part that was sent; null if the field is missing.</returns>
    internal object? Present(object? value, int offset, int size) =>
        offset + size <= _length ? value
        : offset >= _length ? null
        : value is IPartialArray { Count: > 0 } array ? array.First((_length - offset) / (size / array.Count)) : null;

    /// <inheritdoc/>
    private protected override RecordHost? GetHost() => _whole.Host;

    /// <inheritdoc/>
    private protected override void SetHost(RecordHost host) => _whole.Bind(host);

    /// <inheritdoc/>
    private protected override ContainerNames? GetContainer() => _whole.Container;

    /// <inheritdoc/>
    private protected override void SetContainer(ContainerNames? names) => _whole.Place(names);

    /// <inheritdoc/>
    private protected override RecordSender? GetSender() => _whole.Sender;

    /// <inheritdoc/>
    private protected override void SetSender(RecordSender? sender) => _whole.Mark(sender);

    /// <inheritdoc/>
    private protected override Symbols.StackTrace[]? GetTraces() => _whole.Traces;

    /// <inheritdoc/>
    private protected override ReadOnlySpan<byte> RecordBytes() => _whole.BytesOfRecord() is var bytes && bytes.Length > _length ? bytes[.._length] : bytes;
}

/// <summary>An array that can be cut where a record ends.</summary>
internal interface IPartialArray
{
    /// <summary>The number of elements.</summary>
    int Count { get; }

    /// <summary>Returns the first elements as an array of the same type.</summary>
    object First(int count);
}
