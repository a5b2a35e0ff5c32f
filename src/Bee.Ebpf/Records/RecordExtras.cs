namespace Bee.Ebpf.Records;

/// <summary>The properties that a generated type has in addition to those of its C type.</summary>
[Flags]
internal enum RecordExtras
{
    /// <summary>None.</summary>
    None = 0,
    /// <summary><c>container</c>, <c>image</c>, <c>pod</c>, <c>namespace</c> and <c>node</c>, if the C type says where a record happened (<see cref="ContainerKeyFields"/>).</summary>
    Container = 1,
    /// <summary><c>PSComputerName</c> and <c>Late</c>, for records of other hosts (<see cref="RecordSender"/>).</summary>
    Sender = 2,
    /// <summary><c>owner</c> and <c>labels</c> of the pod, if there is <see cref="Container"/> too.</summary>
    Pod = 4,
    /// <summary>The properties that captures have.</summary>
    Packed = Container | Sender | Pod,
    /// <summary>Tables show <c>pod</c> and <c>namespace</c>. Does not change the generated type.</summary>
    Kubernetes = 8,
}

/// <summary>The names of the properties that <see cref="RecordExtras"/> adds.</summary>
internal static class ExtraNames
{
    public const string Container = "container", Image = "image", Pod = "pod", Namespace = "namespace", Node = "node", Owner = "owner", Labels = "labels";

    /// <summary>The name of the host that an object comes from.</summary>
    public const string ComputerName = "PSComputerName";

    public const string Late = "Late";

    /// <summary>The names of the properties of <see cref="RecordExtras.Container"/>, in order.</summary>
    public static IReadOnlyList<string> OfContainer { get; } = [Container, Image, Pod, Namespace, Node];

    /// <summary>The names of the properties of <see cref="RecordExtras.Pod"/>, in order.</summary>
    public static IReadOnlyList<string> OfPod { get; } = [Owner, Labels];
}

/// <summary>Marks a property that follows from the others, so that it does not count when two objects are compared.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class NotComparedAttribute : Attribute;

/// <summary>Adds properties to the plan of a type.</summary>
internal static class ExtraPlans
{
    private static readonly ValueShape s_text = new TextShape(0);
    private static readonly ValueShape s_flag = new NumberShape(NumberKind.Boolean, FieldMeaning.Boolean);

    /// <summary>Returns the plan with the extra properties. A field of the C type with the same name, ignoring case, wins.</summary>
    public static TypePlan With(this TypePlan plan, RecordExtras extras)
    {
        if ((extras & (RecordExtras.Container | RecordExtras.Sender)) == 0)
        {
            return plan;
        }

        var taken = new HashSet<string>(plan.Properties.Select(property => property.Name), StringComparer.OrdinalIgnoreCase);
        var properties = Of(extras, ContainerKeyFields.Of(plan) is not null).Where(property => !taken.Contains(property.Name)).ToList();
        // The host is the first column, as in PowerShell's own tables of remote objects.
        return plan with { Properties = [.. properties.Where(IsFirst), .. plan.Properties, .. properties.Where(property => !IsFirst(property))] };
    }

    /// <summary>Returns the extra properties.</summary>
    /// <param name="extras">The properties that are asked for.</param>
    /// <param name="saysWhere">Whether the objects say where they happened.</param>
    public static IEnumerable<PropertyPlan> Of(RecordExtras extras, bool saysWhere)
    {
        if (extras.HasFlag(RecordExtras.Sender))
        {
            yield return new PropertyPlan(ExtraNames.ComputerName, "", PropertySource.Sender, s_text, 0, 0);
        }

        IReadOnlyList<string> names = !extras.HasFlag(RecordExtras.Container) || !saysWhere ? []
            : extras.HasFlag(RecordExtras.Pod) ? [.. ExtraNames.OfContainer, .. ExtraNames.OfPod] : ExtraNames.OfContainer;
        foreach (var name in names)
        {
            yield return new PropertyPlan(name, "", PropertySource.Container, s_text, 0, 0);
        }

        if (extras.HasFlag(RecordExtras.Sender))
        {
            yield return new PropertyPlan(ExtraNames.Late, "", PropertySource.Sender, s_flag, 0, 0);
        }
    }

    /// <summary>Returns whether a property comes before those of the record.</summary>
    public static bool IsFirst(PropertyPlan property) => property.Name == ExtraNames.ComputerName;
}
