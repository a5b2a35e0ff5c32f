using System.Buffers.Binary;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.InteropServices;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Symbols;

namespace Bee.Ebpf.Records;

/// <summary>Emits the code that reads a value: it replaces a reference to the first byte on the stack by the value.</summary>
/// <param name="owner">The type that the code belongs to. Readers of array elements are added to it.</param>
/// <param name="host">The field of its objects with the machine of origin; null if no value depends on it.</param>
internal sealed class ValueEmitter(TypeBuilder owner, FieldInfo? host)
{
    private int _elements;

    /// <summary>Returns the CLR type of a shape's values.</summary>
    public static Type ClrType(ValueShape shape) => shape switch
    {
        NumberShape number => Numbers.ClrType(number.Kind),
        NamedNumberShape { Meaning: FieldMeaning.Errno } => typeof(Errno),
        NamedNumberShape { Meaning: FieldMeaning.Syscall } => EmittedTypes.Enum(SyscallNames.Shape(((NamedNumberShape)shape).Architecture)),
        NamedNumberShape => typeof(Signal),
        MomentShape => typeof(DateTime),
        AddressShape or TextShape or PrefixShape or EndpointShape => typeof(string),
        FileBitsShape => typeof(string),
        StackShape => typeof(StackTrace),
        UserStackShape user => ClrType(new ObjectShape(user.Struct)),
        WordsShape => typeof(BpfArray<string>),
        EnumShape e => EmittedTypes.Enum(e),
        ObjectShape o => EmittedTypes.Class(RecordPlans.Nested(o.Struct)),
        ArrayShape array => typeof(BpfArray<>).MakeGenericType(ClrType(array.Element)),
        _ => throw new InvalidOperationException(),
    };

    /// <summary>Returns a reading method of <see cref="BpfEvent"/>.</summary>
    public static MethodInfo Reader(string name) =>
        typeof(BpfEvent).GetMethod(name, BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)!;

    /// <summary>Loads the machine of origin, or null.</summary>
    public void LoadHost(ILGenerator il, bool inElement = false)
    {
        if (inElement)
        {
            il.Emit(OpCodes.Ldarg_1);
        }
        else if (host is not null)
        {
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldfld, host);
        }
        else
        {
            il.Emit(OpCodes.Ldnull);
        }
    }

    public void Emit(ILGenerator il, ValueShape shape, bool inElement = false)
    {
        switch (shape)
        {
            case NumberShape number:
                Number(il, number.Kind, number.BigEndian);
                break;
            case NamedNumberShape { Meaning: FieldMeaning.Syscall } number:
                Number(il, number.Kind, bigEndian: false);
                il.Emit(Numbers.IsSigned(number.Kind) ? OpCodes.Conv_I8 : OpCodes.Conv_U8);
                break;
            case NamedNumberShape number:
                Number(il, number.Kind, bigEndian: false);
                il.Emit(OpCodes.Conv_I4);
                if (number.Meaning == FieldMeaning.Errno)
                {
                    il.Emit(OpCodes.Call, Reader("ToErrno"));
                }

                break;
            case MomentShape moment:
                LoadHost(il, inElement);
                il.Emit(OpCodes.Call, Reader(moment.BootTime ? "ReadBootTime" : "ReadMonotonic"));
                break;
            case AddressShape address:
                il.Emit(OpCodes.Call, Reader($"Read{address.Meaning}"));
                break;
            case PrefixShape prefix:
                il.Emit(OpCodes.Ldc_I4, prefix.Offset);
                il.Emit(OpCodes.Ldc_I4, prefix.AddressSize);
                il.Emit(OpCodes.Call, Reader("ReadPrefix"));
                break;
            case EndpointShape endpoint:
                il.Emit(OpCodes.Ldc_I4, endpoint.Version);
                il.Emit(OpCodes.Ldc_I4, endpoint.Port);
                il.Emit(OpCodes.Call, Reader("ReadEndpoint"));
                break;
            case FileBitsShape file:
                if (file.Meaning == FieldMeaning.FileFlags)
                {
                    il.Emit(OpCodes.Ldc_I4, (int)(file.Architecture ?? RuntimeInformation.ProcessArchitecture));
                }

                il.Emit(OpCodes.Call, Reader($"Read{file.Meaning}"));
                break;
            case UserStackShape user:
                Emit(il, new ObjectShape(user.Struct), inElement);
                break;
            case TextShape text:
                il.Emit(OpCodes.Ldc_I4, text.Size);
                il.Emit(OpCodes.Call, Reader("ReadText"));
                break;
            case WordsShape words:
                il.Emit(OpCodes.Ldc_I4, words.Size);
                il.Emit(OpCodes.Call, Reader("ReadWords"));
                break;
            case EnumShape e:
                Number(il, e.Kind, bigEndian: false);
                break;
            case ObjectShape o:
                il.Emit(OpCodes.Ldc_I4, o.Size);
                il.Emit(OpCodes.Call, TypeEmitter.DecodeMethod(ClrType(o)));
                if (o.NeedsHost)
                {
                    il.Emit(OpCodes.Dup);
                    LoadHost(il, inElement);
                    il.Emit(OpCodes.Stfld, TypeEmitter.HostField(ClrType(o)));
                }

                break;
            case ArrayShape { Meaning: FieldMeaning.Bytes } bytes:
                il.Emit(OpCodes.Ldc_I4, bytes.Count);
                il.Emit(OpCodes.Call, Reader("ReadBytes"));
                break;
            case ArrayShape array:
                il.Emit(OpCodes.Ldc_I4, array.Count);
                il.Emit(OpCodes.Ldc_I4, array.Element.Size);
                il.Emit(OpCodes.Ldftn, Element(array.Element));
                LoadHost(il, inElement);
                il.Emit(OpCodes.Call, Reader("ReadArray").MakeGenericMethod(ClrType(array.Element)));
                break;
        }
    }

    /// <summary>Emits the code that reads a bit field; the reference is to the byte that contains its first bit.</summary>
    public static void EmitBits(ILGenerator il, ValueShape shape, int shift, int bits)
    {
        var kind = shape is EnumShape e ? e.Kind : ((NumberShape)shape).Kind;
        var signed = Numbers.IsSigned(kind);
        var wide = kind is NumberKind.Int128 or NumberKind.UInt128;
        il.Emit(OpCodes.Ldc_I4, shift);
        il.Emit(OpCodes.Ldc_I4, bits);
        il.Emit(signed ? OpCodes.Ldc_I4_1 : OpCodes.Ldc_I4_0);
        il.Emit(OpCodes.Call, Reader(wide ? "ReadWideBits" : "ReadBits"));
        if (kind == NumberKind.Boolean)
        {
            il.Emit(OpCodes.Ldc_I4_0);
            il.Emit(OpCodes.Conv_I8);
            il.Emit(OpCodes.Cgt_Un);
        }
        else if (!wide && Numbers.Size(kind) < 8)
        {
            il.Emit(Narrow(kind));
        }
    }

    /// <summary>Returns a static method that reads one element: <c>T (ref byte, RecordHost?)</c>.</summary>
    public MethodInfo Element(ValueShape shape)
    {
        var method = owner.DefineMethod(
            $"Element{_elements++}", MethodAttributes.Private | MethodAttributes.Static, ClrType(shape), [typeof(byte).MakeByRefType(), typeof(RecordHost)]);
        var il = method.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        Emit(il, shape, inElement: true);
        il.Emit(OpCodes.Ret);
        return method;
    }

    private static void Number(ILGenerator il, NumberKind kind, bool bigEndian)
    {
        switch (kind)
        {
            case NumberKind.Boolean:
                il.Emit(OpCodes.Ldind_U1);
                il.Emit(OpCodes.Ldc_I4_0);
                il.Emit(OpCodes.Cgt_Un);
                return;
            case NumberKind.Float32:
                il.Emit(OpCodes.Call, Reader("ReadFloat"));
                return;
            case NumberKind.Int128 or NumberKind.UInt128:
                il.Emit(kind == NumberKind.Int128 ? OpCodes.Ldc_I4_1 : OpCodes.Ldc_I4_0);
                il.Emit(OpCodes.Call, Reader("ReadInt128"));
                return;
        }

        il.Emit(OpCodes.Unaligned, (byte)1);
        il.Emit(kind switch
        {
            NumberKind.Int8 => OpCodes.Ldind_I1,
            NumberKind.UInt8 => OpCodes.Ldind_U1,
            NumberKind.Int16 => OpCodes.Ldind_I2,
            NumberKind.UInt16 => OpCodes.Ldind_U2,
            NumberKind.Int32 => OpCodes.Ldind_I4,
            NumberKind.UInt32 => OpCodes.Ldind_U4,
            NumberKind.Float64 => OpCodes.Ldind_R8,
            _ => OpCodes.Ldind_I8,
        });
        if (bigEndian)
        {
            il.Emit(OpCodes.Call, typeof(BinaryPrimitives).GetMethod(nameof(BinaryPrimitives.ReverseEndianness), [Numbers.ClrType(kind)])!);
        }
    }

    private static OpCode Narrow(NumberKind kind) => kind switch
    {
        NumberKind.Int8 => OpCodes.Conv_I1,
        NumberKind.UInt8 => OpCodes.Conv_U1,
        NumberKind.Int16 => OpCodes.Conv_I2,
        NumberKind.UInt16 => OpCodes.Conv_U2,
        NumberKind.Int32 => OpCodes.Conv_I4,
        _ => OpCodes.Conv_U4,
    };
}
