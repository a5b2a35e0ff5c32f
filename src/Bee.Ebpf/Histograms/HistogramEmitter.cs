using System.Reflection;
using System.Reflection.Emit;

namespace Bee.Ebpf;

/// <summary>Emits the class of a map's histograms: <see cref="Histogram"/> with a property for each label, which asks the record that the histogram was first counted for.</summary>
internal static class HistogramEmitter
{
    private static readonly MethodInfo s_source = typeof(Histogram).GetProperty("LabelSource", BindingFlags.Instance | BindingFlags.NonPublic)!.GetMethod!;
    private static readonly MethodInfo s_mapName = typeof(Histogram).GetProperty(nameof(Histogram.MapName))!.GetMethod!;

    /// <summary>The class, and its labels under the names that they have there.</summary>
    /// <param name="map">The map's name.</param>
    /// <param name="source">The type of the records that labels are read from.</param>
    /// <param name="labels">Properties of <paramref name="source"/>.</param>
    public static (Type Type, IReadOnlyList<RecordField> Labels) Class(string map, Type source, IReadOnlyList<RecordField> labels)
    {
        var names = new PropertyNames(labels.Select(label => label.Name));
        foreach (var own in typeof(Histogram).GetProperties())
        {
            names.Next(own.Name);
        }

        var named = labels
            .Select(label => new RecordField(
                names.Next(label.Name), label.CName.Length > 0 ? label.CName : label.Name, label.ClrType, label.Meaning, label.Offset, label.Size, label.Width, label.AlignRight))
            .ToArray();
        var key = ShapeKey.Of($"histogram {map}:{source.FullName}", labels.Select((label, i) => $"{named[i].Name}={label.Name}"));
        var type = EmittedTypes.Other(key, map, (module, name) => Emit(module, name, map, source, labels, named), named);
        return (type, named);
    }

    private static Type Emit(ModuleBuilder module, string name, string map, Type source, IReadOnlyList<RecordField> labels, RecordField[] named)
    {
        var type = module.DefineType(name, TypeAttributes.Public | TypeAttributes.Sealed | TypeAttributes.Class, typeof(Histogram));
        type.DefineDefaultConstructor(MethodAttributes.Public);

        var getter = Property(type, nameof(Histogram.MapName), typeof(string), MethodAttributes.Virtual);
        getter.GetILGenerator().Emit(OpCodes.Ldstr, map);
        getter.GetILGenerator().Emit(OpCodes.Ret);
        type.DefineMethodOverride(getter, s_mapName);

        for (var i = 0; i < named.Length; i++)
        {
            var property = source.GetProperty(labels[i].Name)!;
            var il = Property(type, named[i].Name, property.PropertyType, default).GetILGenerator();
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Call, s_source);
            il.Emit(OpCodes.Castclass, source);
            il.Emit(OpCodes.Callvirt, property.GetMethod!);
            il.Emit(OpCodes.Ret);
        }

        return type.CreateType();
    }

    private static MethodBuilder Property(TypeBuilder type, string name, Type of, MethodAttributes more)
    {
        var property = type.DefineProperty(name, PropertyAttributes.None, of, null);
        var getter = type.DefineMethod(
            "get_" + name, MethodAttributes.Public | MethodAttributes.HideBySig | MethodAttributes.SpecialName | more, of, Type.EmptyTypes);
        property.SetGetMethod(getter);
        return getter;
    }
}
