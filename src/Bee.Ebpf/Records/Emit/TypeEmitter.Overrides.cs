using System.Reflection;
using System.Reflection.Emit;

namespace Bee.Ebpf;

// What emitted types override of their bases: the traces that they are given, and the raw bytes of entries.
internal sealed partial class TypeEmitter
{
    private readonly List<PropertyPlan> _stacks;
    private readonly FieldBuilder? _traces;

    private void Overrides()
    {
        if (_traces is not null)
        {
            var il = Override("SetTraces", typeof(void), typeof(StackTrace[]));
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldarg_1);
            il.Emit(OpCodes.Stfld, _traces);
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

    private void Trace(ILGenerator il, PropertyPlan plan)
    {
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldfld, _traces!);
        il.Emit(OpCodes.Ldc_I4, _stacks.IndexOf(plan));
        il.Emit(OpCodes.Ldarg_0);
        Reference(il, plan.Offset);
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
        .DefineMethod(name, MethodAttributes.Family | MethodAttributes.Virtual | MethodAttributes.HideBySig, returned, parameters)
        .GetILGenerator();
}
