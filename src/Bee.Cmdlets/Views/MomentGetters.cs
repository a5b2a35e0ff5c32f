using System.Management.Automation;
using System.Reflection;
using System.Reflection.Emit;

namespace Bee.Cmdlets;

/// <summary>
/// Getters of extended properties that give <see cref="EventTime.Of"/> of a property. PowerShell calls a static method that takes the object alone, so each name has a
/// method of its own; a script would need a runspace and take many times as long for each event.
/// </summary>
internal static class MomentGetters
{
    private static readonly ModuleBuilder s_module = AssemblyBuilder
        .DefineDynamicAssembly(new AssemblyName("Bee.Cmdlets.Moments"), AssemblyBuilderAccess.Run).DefineDynamicModule("Bee.Cmdlets.Moments");

    private static readonly Dictionary<string, MethodInfo> s_made = [];

    /// <summary>Returns the getter for a name; it is thread-safe.</summary>
    /// <param name="property">The property's name.</param>
    public static MethodInfo Of(string property)
    {
        lock (s_made)
        {
            if (!s_made.TryGetValue(property, out MethodInfo? getter))
            {
                TypeBuilder type = s_module.DefineType($"Moment{s_made.Count}", TypeAttributes.Public | TypeAttributes.Abstract | TypeAttributes.Sealed);
                MethodBuilder method = type.DefineMethod("Get", MethodAttributes.Public | MethodAttributes.Static, typeof(object), [typeof(PSObject)]);
                ILGenerator code = method.GetILGenerator();
                code.Emit(OpCodes.Ldarg_0);
                code.Emit(OpCodes.Ldstr, property);
                code.Emit(OpCodes.Call, typeof(EventTime).GetMethod(nameof(EventTime.Of))!);
                code.Emit(OpCodes.Ret);
                s_made[property] = getter = type.CreateType().GetMethod("Get")!;
            }

            return getter;
        }
    }
}
