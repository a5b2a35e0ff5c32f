using System.Reflection;
using System.Reflection.Emit;
using Bee.Ebpf.Symbols;

namespace Bee.Ebpf.Records;

/// <summary>
/// Emits a class whose objects hold the record's bytes in a field of a value type of that size, and whose getters read at fixed offsets. Creating an object is one allocation and a block copy. Very
/// large records are held in an array, since the size of value types is limited.
/// </summary>
internal sealed class TypeEmitter
{
    private const int MaxInline = 32 * 1024;
    private const string DecodeName = "Decode", HostName = "_host";

    private static readonly ConstructorInfo s_notCompared = typeof(NotComparedAttribute).GetConstructor(Type.EmptyTypes)!;

    private readonly TypePlan _plan;
    private readonly TypeBuilder _type;
    private readonly ValueEmitter _values;
    private readonly FieldBuilder? _inline;
    private readonly FieldBuilder? _rest;
    private readonly FieldBuilder? _host;
    private readonly FieldBuilder? _container;
    private readonly FieldBuilder? _sender;
    private readonly bool _isArray;

    public TypeEmitter(ModuleBuilder module, TypePlan plan, string name)
    {
        _plan = plan;
        var parent = plan.Decode is DecodeKind.Entry or DecodeKind.PerCpuEntry ? typeof(MapEntry) : typeof(BpfEvent);
        // The class for longer records derives from this one.
        var isSealed = plan is not { Decode: DecodeKind.Record, MapName: not null };
        _type = module.DefineType(name, TypeAttributes.Public | TypeAttributes.Class | (isSealed ? TypeAttributes.Sealed : 0), parent);
        EmittedTypes.HideIndexer(_type);
        _host = plan.NeedsHost ? _type.DefineField(HostName, typeof(RecordHost), FieldAttributes.Assembly) : null;
        _container = plan.HasContainer ? _type.DefineField("_container", typeof(ContainerNames), FieldAttributes.Assembly) : null;
        _sender = plan.HasSender ? _type.DefineField("_sender", typeof(RecordSender), FieldAttributes.Assembly) : null;
        _values = new ValueEmitter(_type, _host);
        _isArray = plan.InlineSize > MaxInline;
        if (plan.InlineSize > 0)
        {
            _inline = _type.DefineField("_bytes", _isArray ? typeof(byte[]) : EmittedTypes.Bytes(plan.InlineSize), FieldAttributes.Assembly);
        }

        if (plan.Decode is DecodeKind.OpenRecord or DecodeKind.PerCpuEntry)
        {
            _rest = _type.DefineField("_rest", typeof(byte[]), FieldAttributes.Private);
        }

        _stacks = plan.Properties.Where(p => p.Source == PropertySource.Stack).ToList();
        _stack = plan.Properties.FirstOrDefault(p => p is { Value: StackShape, Source: PropertySource.Inline });
        _traces = _stacks.Count > 0 || _stack is not null ? _type.DefineField("_traces", typeof(StackTrace[]), FieldAttributes.Assembly) : null;
    }

    /// <summary>Returns the static method of an emitted type that decodes an object.</summary>
    public static MethodInfo DecodeMethod(Type type) =>
        type.GetMethod(DecodeName, BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)!;

    /// <summary>Returns the field of an emitted type that holds the machine of origin.</summary>
    public static FieldInfo HostField(Type type) => type.GetField(HostName, BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)!;

    public Type Emit()
    {
        Decode();
        foreach (var property in _plan.Properties)
        {
            Property(property);
        }

        Overrides();
        return _type.CreateType();
    }

    private void Decode()
    {
        var reference = typeof(byte).MakeByRefType();
        var isEntry = _plan.Decode is DecodeKind.Entry or DecodeKind.PerCpuEntry;
        var method = _type.DefineMethod(
            DecodeName, MethodAttributes.Assembly | MethodAttributes.Static, _type, isEntry ? [reference, reference, typeof(int)] : [reference, typeof(int)]);
        if (isEntry || _plan.MapName is not null)
        {
            // Optimized from the start, since tiered compilation would only follow after many events.
            method.SetImplementationFlags(MethodImplAttributes.IL | MethodImplAttributes.AggressiveOptimization);
        }

        var constructor = _type.DefineDefaultConstructor(MethodAttributes.Assembly);
        var il = method.GetILGenerator();
        il.Emit(OpCodes.Newobj, constructor);
        if (_isArray)
        {
            il.Emit(OpCodes.Dup);
            il.Emit(OpCodes.Ldc_I4, _plan.InlineSize);
            il.Emit(OpCodes.Newarr, typeof(byte));
            il.Emit(OpCodes.Stfld, _inline!);
        }

        switch (_plan.Decode)
        {
            case DecodeKind.Record:
                Copy(il, OpCodes.Ldarg_0, 0, _plan.InlineSize);
                break;
            case DecodeKind.OpenRecord:
                Copy(il, OpCodes.Ldarg_0, 0, _plan.InlineSize);
                Rest(il, OpCodes.Ldarg_0, OpCodes.Ldarg_1, _plan.ValueOffset);
                break;
            case DecodeKind.Entry:
                var keySize = KeySize();
                Copy(il, OpCodes.Ldarg_0, 0, keySize);
                Copy(il, OpCodes.Ldarg_1, _plan.ValueOffset, _plan.InlineSize - _plan.ValueOffset);
                break;
            case DecodeKind.PerCpuEntry:
                Copy(il, OpCodes.Ldarg_0, 0, _plan.InlineSize);
                Rest(il, OpCodes.Ldarg_1, OpCodes.Ldarg_2, 0);
                break;
        }

        il.Emit(OpCodes.Ret);
    }

    private int KeySize() => _plan.Properties.First(p => p.CName.Length == 0 && p.Source != PropertySource.MapName && !p.IsExtra) is { Source: PropertySource.Inline } key
        ? key.Value.Size
        : 0;

    // Keeps the new object on the stack.
    private void Copy(ILGenerator il, OpCode source, int offset, int size)
    {
        if (size == 0)
        {
            return;
        }

        il.Emit(OpCodes.Dup);
        Reference(il, offset);
        il.Emit(source);
        il.Emit(OpCodes.Ldc_I4, size);
        il.Emit(OpCodes.Unaligned, (byte)1);
        il.Emit(OpCodes.Cpblk);
    }

    private void Rest(ILGenerator il, OpCode source, OpCode length, int offset)
    {
        il.Emit(OpCodes.Dup);
        il.Emit(source);
        il.Emit(length);
        il.Emit(OpCodes.Ldc_I4, offset);
        il.Emit(OpCodes.Call, ValueEmitter.Reader("CopyRest"));
        il.Emit(OpCodes.Stfld, _rest!);
    }

    // Replaces an object on the stack by a reference into its bytes.
    private void Reference(ILGenerator il, int offset)
    {
        if (_isArray)
        {
            il.Emit(OpCodes.Ldfld, _inline!);
            il.Emit(OpCodes.Ldc_I4, offset);
            il.Emit(OpCodes.Ldelema, typeof(byte));
            return;
        }

        il.Emit(OpCodes.Ldflda, _inline!);
        if (offset > 0)
        {
            il.Emit(OpCodes.Ldc_I4, offset);
            il.Emit(OpCodes.Add);
        }
    }

    private void Property(PropertyPlan plan)
    {
        var type = PropertyType(plan);
        var property = _type.DefineProperty(plan.Name, PropertyAttributes.None, type, null);
        var getter = _type.DefineMethod(
            "get_" + plan.Name, MethodAttributes.Public | MethodAttributes.HideBySig | MethodAttributes.SpecialName, type, Type.EmptyTypes);
        Getter(getter.GetILGenerator(), plan);
        property.SetGetMethod(getter);
        if (IsNotCompared(plan.Name, plan.IsExtra))
        {
            MarkNotCompared(property);
        }
    }

    /// <summary>Returns whether a property follows from the others, and so does not count when objects are compared: the names of the container, and whether the object came late.</summary>
    public static bool IsNotCompared(string name, bool isExtra) => isExtra && name != ExtraNames.ComputerName;

    /// <summary>Excludes a property from the comparison of objects.</summary>
    public static void MarkNotCompared(PropertyBuilder property) => property.SetCustomAttribute(s_notCompared, [1, 0, 0, 0]);

    /// <summary>Returns the method of <see cref="BpfEvent"/> that reads an extra property from the object's names or sender.</summary>
    public static MethodInfo ExtraReader(string name) => ValueEmitter.Reader(name switch
    {
        ExtraNames.Container => "ReadContainer",
        ExtraNames.Image => "ReadImage",
        ExtraNames.Pod => "ReadPod",
        ExtraNames.Namespace => "ReadNamespace",
        ExtraNames.Node => "ReadNode",
        ExtraNames.Owner => "ReadOwner",
        ExtraNames.Labels => "ReadLabels",
        ExtraNames.ComputerName => "ReadComputerName",
        _ => "ReadLate",
    });

    /// <summary>Returns the type of a property.</summary>
    public static Type PropertyType(PropertyPlan plan) => plan.Source switch
    {
        PropertySource.MapName => typeof(string),
        PropertySource.Nothing => typeof(object),
        PropertySource.Stack => typeof(StackTrace),
        PropertySource.Container or PropertySource.Sender => plan.Name == ExtraNames.Late ? typeof(bool) : typeof(string),
        PropertySource.AllCpus => typeof(BpfArray<>).MakeGenericType(ValueEmitter.ClrType(plan.Value)),
        PropertySource.Total => Numbers.IsSigned(((NumberShape)plan.Value).Kind) ? typeof(long) : typeof(ulong),
        _ => ValueEmitter.ClrType(plan.Value),
    };

    private void Getter(ILGenerator il, PropertyPlan plan)
    {
        switch (plan.Source)
        {
            case PropertySource.MapName:
                il.Emit(OpCodes.Ldstr, _plan.MapName!);
                break;
            case PropertySource.Nothing:
                il.Emit(OpCodes.Ldnull);
                break;
            case PropertySource.Inline:
                Inline(il, plan);
                break;
            case PropertySource.Stack:
                Trace(il, plan);
                break;
            case PropertySource.Container or PropertySource.Sender:
                il.Emit(OpCodes.Ldarg_0);
                il.Emit(OpCodes.Ldfld, plan.Source == PropertySource.Container ? _container! : _sender!);
                il.Emit(OpCodes.Call, ExtraReader(plan.Name));
                break;
            case PropertySource.Rest:
                il.Emit(OpCodes.Ldarg_0);
                il.Emit(OpCodes.Ldfld, _rest!);
                il.Emit(OpCodes.Ldc_I4, plan.Offset);
                if (plan.Value is TextShape)
                {
                    il.Emit(OpCodes.Call, ValueEmitter.Reader("ReadRestText"));
                }
                else if (plan.Value is WordsShape)
                {
                    il.Emit(OpCodes.Call, ValueEmitter.Reader("ReadRestWords"));
                }
                else
                {
                    Elements(il, ((ArrayShape)plan.Value).Element, ((ArrayShape)plan.Value).Element.Size);
                }

                break;
            case PropertySource.AllCpus:
                il.Emit(OpCodes.Ldarg_0);
                il.Emit(OpCodes.Ldfld, _rest!);
                il.Emit(OpCodes.Ldc_I4_0);
                Elements(il, plan.Value, _plan.Stride);
                break;
            case PropertySource.Total:
                il.Emit(OpCodes.Ldarg_0);
                il.Emit(OpCodes.Ldfld, _rest!);
                il.Emit(OpCodes.Ldc_I4, _plan.Stride);
                il.Emit(OpCodes.Ldc_I4, plan.Offset);
                il.Emit(OpCodes.Ldc_I4, plan.Value.Size);
                il.Emit(OpCodes.Call, ValueEmitter.Reader(Numbers.IsSigned(((NumberShape)plan.Value).Kind) ? "SumSigned" : "SumUnsigned"));
                break;
        }

        il.Emit(OpCodes.Ret);
    }

    private void Inline(ILGenerator il, PropertyPlan plan)
    {
        if (_inline is null || plan.Offset >= _plan.InlineSize)
        {
            // An empty array or struct at the end has no byte to refer to. Any reference will do, since nothing is read.
            il.Emit(OpCodes.Ldc_I4_1);
            il.Emit(OpCodes.Newarr, typeof(byte));
            il.Emit(OpCodes.Ldc_I4_0);
            il.Emit(OpCodes.Ldelema, typeof(byte));
        }
        else
        {
            il.Emit(OpCodes.Ldarg_0);
            Reference(il, plan.Offset);
        }

        if (plan.Value is StackShape stack)
        {
            il.Emit(OpCodes.Ldc_I4, stack.Size);
            il.Emit(stack.ByBuildId ? OpCodes.Ldc_I4_1 : OpCodes.Ldc_I4_0);
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldfld, _traces!);
            il.Emit(OpCodes.Call, ValueEmitter.Reader("ReadStack"));
        }
        else if (plan.BitSize > 0)
        {
            ValueEmitter.EmitBits(il, plan.Value, plan.BitOffset % 8, plan.BitSize);
        }
        else
        {
            _values.Emit(il, plan.Value);
        }
    }

    private void Elements(ILGenerator il, ValueShape element, int stride)
    {
        il.Emit(OpCodes.Ldc_I4, stride);
        il.Emit(OpCodes.Ldftn, _values.Element(element));
        _values.LoadHost(il);
        il.Emit(OpCodes.Call, ValueEmitter.Reader("ReadRest").MakeGenericMethod(ValueEmitter.ClrType(element)));
    }

    private readonly List<PropertyPlan> _stacks;
    private readonly FieldBuilder? _traces;
    // The value of a stack map's entry is a stack itself.
    private readonly PropertyPlan? _stack;

    private void Overrides()
    {
        Accessors("Traces", _traces);

        if (_stack is not null)
        {
            var il = Override("GetStack", typeof(StackTrace));
            Inline(il, _stack);
            il.Emit(OpCodes.Ret);
        }

        Accessors("Host", _host);
        Accessors("Container", _container);
        Accessors("Sender", _sender);

        if (_plan.Decode == DecodeKind.OpenRecord)
        {
            var il = Override("OpenEnd", typeof(byte[]));
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldfld, _rest!);
            il.Emit(OpCodes.Ret);
            il = Override("OpenAt", typeof(int));
            il.Emit(OpCodes.Ldc_I4, _plan.ValueOffset);
            il.Emit(OpCodes.Ret);
        }

        switch (_plan.Decode)
        {
            case DecodeKind.Record or DecodeKind.OpenRecord:
                View(Override("RecordBytes", typeof(ReadOnlySpan<byte>)), 0, _plan.InlineSize);
                break;
            case DecodeKind.Entry:
                View(Override("KeyBytes", typeof(ReadOnlySpan<byte>)), 0, KeySize());
                View(Override("ValueBytes", typeof(ReadOnlySpan<byte>)), _plan.ValueOffset, _plan.InlineSize - _plan.ValueOffset);
                break;
            case DecodeKind.PerCpuEntry:
                View(Override("KeyBytes", typeof(ReadOnlySpan<byte>)), 0, _plan.InlineSize);
                var il = Override("ValueBytes", typeof(ReadOnlySpan<byte>));
                il.Emit(OpCodes.Ldarg_0);
                il.Emit(OpCodes.Ldfld, _rest!);
                il.Emit(OpCodes.Call, ValueEmitter.Reader("ViewArray"));
                il.Emit(OpCodes.Ret);
                break;
        }
    }

    // Overrides the methods that set and return what is known about an object beside its bytes.
    private void Accessors(string name, FieldBuilder? field)
    {
        if (field is null)
        {
            return;
        }

        var il = Override("Set" + name, typeof(void), field.FieldType);
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Stfld, field);
        il.Emit(OpCodes.Ret);
        il = Override("Get" + name, field.FieldType);
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldfld, field);
        il.Emit(OpCodes.Ret);
    }

    private void Trace(ILGenerator il, PropertyPlan plan)
    {
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldfld, _traces!);
        il.Emit(OpCodes.Ldc_I4, _stacks.IndexOf(plan));
        il.Emit(OpCodes.Ldarg_0);
        Reference(il, plan.Offset + (plan.Value is UserStackShape user ? user.Id : 0));
        il.Emit(OpCodes.Call, ValueEmitter.Reader("TraceAt"));
    }

    private void View(ILGenerator il, int offset, int size)
    {
        if (size <= 0)
        {
            il.Emit(OpCodes.Ldc_I4_0);
            il.Emit(OpCodes.Newarr, typeof(byte));
            il.Emit(OpCodes.Call, ValueEmitter.Reader("ViewArray"));
        }
        else
        {
            il.Emit(OpCodes.Ldarg_0);
            Reference(il, offset);
            il.Emit(OpCodes.Ldc_I4, size);
            il.Emit(OpCodes.Call, ValueEmitter.Reader("ViewBytes"));
        }

        il.Emit(OpCodes.Ret);
    }

    private ILGenerator Override(string name, Type returned, params Type[] parameters) => _type
        .DefineMethod(name, MethodAttributes.FamANDAssem | MethodAttributes.Virtual | MethodAttributes.HideBySig, returned, parameters)
        .GetILGenerator();
}
