using System.Text;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Host;

namespace Bee.Ebpf.CoRe;

/// <summary>Matches the target of a relocation against a kernel type.</summary>
internal static class CoreMatch
{
    /// <summary>The result: <see cref="Spec"/> if the kernel's type contains the target; <see cref="Error"/> if libbpf would fail.</summary>
    public readonly record struct Outcome(CoreSpec? Spec, string? Error)
    {
        public static Outcome None => default;
    }

    private enum Found
    {
        No,
        Yes,
        TooDeep,
    }

    /// <summary>Matches one kernel type.</summary>
    public static Outcome With(CoreRelocation relocation, CoreSpec local, BtfType target)
    {
        if (relocation.IsOfType)
        {
            var same = relocation.Kind == CoreRelocationKind.TypeMatches ? CoreTypes.Match(local.Root, target) : CoreTypes.AreCompatible(local.Root, target);
            return same switch
            {
                null => new Outcome(null, "its types nest too deeply to compare"),
                true => new Outcome(new CoreSpec { Root = target }, null),
                false => Outcome.None,
            };
        }

        return relocation.IsOfEnumerator ? Enumerator(local, target) : Field(local, target);
    }

    private static Outcome Enumerator(CoreSpec local, BtfType target)
    {
        if (target.Resolve() is BtfEnum choice)
        {
            for (var i = 0; i < choice.Values.Count; i++)
            {
                if (CoreNames.AreSame(local.Steps[0].Name!, choice.Values[i].Name))
                {
                    var spec = new CoreSpec { Root = target };
                    spec.Steps.Add(new CoreStep(choice, i, choice.Values[i].Name));
                    return new Outcome(spec, null);
                }
            }
        }

        return Outcome.None;
    }

    private static Outcome Field(CoreSpec local, BtfType target)
    {
        var spec = new CoreSpec { Root = target };
        var type = target.Resolve();
        for (var i = 0; i < local.Steps.Count; i++)
        {
            var step = local.Steps[i];
            if (step.Name is not null)
            {
                var found = Member(step, type, spec, out var next);
                if (found != Found.Yes)
                {
                    return found == Found.No ? Outcome.None : new Outcome(null, $"its members nest more than {CoreSpec.MaxDepth} deep");
                }

                type = next!.Resolve();
                continue;
            }

            // The first step is an array element of the pointer's target, and the type is the element's already.
            if (i > 0)
            {
                if (type is not BtfArray array || step.Index >= array.Length && !CoreSpec.IsFlexible(spec.Last, array))
                {
                    return Outcome.None;
                }

                type = array.Element.Resolve();
            }

            if (spec.Depth == CoreSpec.MaxDepth)
            {
                return new Outcome(null, $"its members nest more than {CoreSpec.MaxDepth} deep");
            }

            if (!CoreSpec.HasSize(type))
            {
                return new Outcome(null, $"{Describe(type)} has no size");
            }

            spec.Depth++;
            spec.Steps.Add(new CoreStep(type, step.Index, null));
            spec.BitOffset = unchecked(spec.BitOffset + (uint)step.Index * (uint)type.Size * 8);
        }

        return new Outcome(spec, null);
    }

    // Looks through anonymous structs and unions, as C does. A member of that name with an incompatible type ends the search.
    private static Found Member(CoreStep wanted, BtfType target, CoreSpec spec, out BtfType? next)
    {
        next = null;
        if (target.Resolve() is not BtfStruct holder)
        {
            return Found.No;
        }

        var members = holder.Members;
        for (var i = 0; i < members.Count; i++)
        {
            if (spec.Depth == CoreSpec.MaxDepth)
            {
                return Found.TooDeep;
            }

            var member = members[i];
            spec.BitOffset = unchecked(spec.BitOffset + (uint)member.BitOffset);
            spec.Depth++;
            if (member.Name.Length == 0)
            {
                var found = Member(wanted, member.Type, spec, out next);
                if (found != Found.No)
                {
                    return found;
                }
            }
            else if (member.Name == wanted.Name)
            {
                next = member.Type;
                if (!CoreTypes.FieldsAreCompatible(((BtfStruct)wanted.Type).Members[wanted.Index].Type, member.Type))
                {
                    return Found.No;
                }

                spec.Steps.Add(new CoreStep(holder, i, member.Name));
                return Found.Yes;
            }

            spec.BitOffset = unchecked(spec.BitOffset - (uint)member.BitOffset);
            spec.Depth--;
        }

        return Found.No;
    }

    private static string Describe(BtfType type) => type.ToString() is { Length: > 0 } text ? $"'{text}'" : "a type";
}

/// <summary>Finds kernel types by name: in the kernel itself, else in its modules.</summary>
internal sealed class TypeCandidates(TargetKernel kernel)
{
    private readonly Dictionary<(string, BtfKind), IReadOnlyList<BtfType>> _known = [];

    /// <summary>Returns the types of a kind with the same name, ignoring flavours, by id. 32-bit and 64-bit enums count as one kind.</summary>
    /// <param name="name">The name; the part after three underscores is ignored.</param>
    /// <param name="kind">The kind.</param>
    public IReadOnlyList<BtfType> Of(string name, BtfKind kind)
    {
        var essential = CoreNames.Essential(name);
        kind = kind == BtfKind.Enum64 ? BtfKind.Enum : kind;
        if (!_known.TryGetValue((essential, kind), out var found))
        {
            _known[(essential, kind)] = found = Find(essential, kind);
        }

        return found;
    }

    private List<BtfType> Find(string name, BtfKind kind)
    {
        var bytes = Encoding.UTF8.GetBytes(name);
        var found = new List<BtfType>();
        if (kernel.Types is { } types)
        {
            Add(types, bytes, kind, found);
        }

        if (found.Count == 0)
        {
            foreach (var module in kernel.Modules)
            {
                Add(module.Types, bytes, kind, found);
            }
        }

        return found;
    }

    // A walk over all types takes a few milliseconds: names are compared as bytes, and most differ in the first one.
    private static void Add(BtfSpec graph, ReadOnlySpan<byte> name, BtfKind kind, List<BtfType> found)
    {
        var table = graph.Table;
        for (var id = Math.Max(1, table.FirstId); id < table.TypeCount; id++)
        {
            var own = table.Kind(id);
            if (own != kind && !(kind == BtfKind.Enum && own == BtfKind.Enum64))
            {
                continue;
            }

            var text = table.TextBytes(table.NameOffset(id));
            if (text.StartsWith(name) && CoreNames.Essential(text).SequenceEqual(name))
            {
                found.Add(graph.Types[(int)id]);
            }
        }
    }
}

/// <summary>CO-RE names. The part after three underscores is a flavour: <c>task_struct___old</c> is the task_struct of some kernels.</summary>
internal static class CoreNames
{
    /// <summary>Returns the name without its flavour.</summary>
    public static string Essential(string name)
    {
        for (var i = name.Length - 5; i >= 0; i--)
        {
            if (IsSeparator(name.AsSpan(i)))
            {
                return name[..(i + 1)];
            }
        }

        return name;
    }

    public static ReadOnlySpan<byte> Essential(ReadOnlySpan<byte> name)
    {
        for (var i = name.Length - 5; i >= 0; i--)
        {
            if (name[i] != '_' && name[i + 1] == '_' && name[i + 2] == '_' && name[i + 3] == '_' && name[i + 4] != '_')
            {
                return name[..(i + 1)];
            }
        }

        return name;
    }

    /// <summary>Returns true if two names are equal without their flavours, or if both types are anonymous.</summary>
    public static bool AreSame(string left, string right) => Essential(left) == Essential(right);

    // X___Y, with exactly three underscores.
    private static bool IsSeparator(ReadOnlySpan<char> at) => at[0] != '_' && at[1] == '_' && at[2] == '_' && at[3] == '_' && at[4] != '_';
}
