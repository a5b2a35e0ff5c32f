using Bee.Ebpf.Btf;

namespace Bee.Ebpf.CoRe;

/// <summary>Compares the program's types with the kernel's, by libbpf's rules.</summary>
internal static class CoreTypes
{
    // libbpf's limits for chains of pointers and arrays, and for nested prototypes.
    private const int MaxChain = 32, MaxLevel = 32;

    /// <summary>Returns true if a member of one type can be read as the other: sizes and signs may differ, kinds may not.</summary>
    public static bool FieldsAreCompatible(BtfType local, BtfType target)
    {
        while (true)
        {
            local = local.Resolve();
            target = target.Resolve();
            if (local is BtfStruct && target is BtfStruct)
            {
                return true;
            }

            if (!KindsAreCompatible(local, target))
            {
                return false;
            }

            switch (local)
            {
                case BtfPointer or BtfFloat:
                    return true;
                case BtfForward or BtfEnum:
                    var (left, right) = (CoreNames.Essential(local.Name), CoreNames.Essential(target.Name));
                    return left.Length == 0 || right.Length == 0 || left == right;
                case BtfInt number:
                    return number.BitOffset == 0 && ((BtfInt)target).BitOffset == 0;
                case BtfArray array:
                    (local, target) = (array.Element, ((BtfArray)target).Element);
                    break;
                default:
                    return false;
            }
        }
    }

    /// <summary>Returns whether types of the same name have the same kinds at all levels; null if they nest too deeply.</summary>
    public static bool? AreCompatible(BtfType local, BtfType target, int level = MaxLevel)
    {
        if (!KindsAreCompatible(local, target))
        {
            return false;
        }

        for (var depth = 0; depth < MaxChain; depth++)
        {
            local = local.Resolve();
            target = target.Resolve();
            if (!KindsAreCompatible(local, target))
            {
                return false;
            }

            switch (local)
            {
                case BtfVoid or BtfStruct or BtfEnum or BtfForward:
                    return true;
                case BtfInt number:
                    return number.BitOffset == 0 && ((BtfInt)target).BitOffset == 0;
                case BtfPointer pointer:
                    (local, target) = (pointer.Target, ((BtfPointer)target).Target);
                    break;
                case BtfArray array:
                    (local, target) = (array.Element, ((BtfArray)target).Element);
                    break;
                case BtfFunctionPrototype prototype:
                    var other = (BtfFunctionPrototype)target;
                    if (prototype.Parameters.Count != other.Parameters.Count)
                    {
                        return false;
                    }

                    for (var i = 0; i < prototype.Parameters.Count; i++)
                    {
                        var same = level <= 0 ? null : AreCompatible(prototype.Parameters[i].Type.Resolve(), other.Parameters[i].Type.Resolve(), level - 1);
                        if (same != true)
                        {
                            return same;
                        }
                    }

                    (local, target) = (prototype.Result, other.Result);
                    break;
                default:
                    return false;
            }
        }

        return null;
    }

    /// <summary>
    /// Returns whether the types match, except for members that the program omits (bpf_core_type_matches): sizes, signs
    /// and names matter. Null if they nest too deeply.
    /// </summary>
    public static bool? Match(BtfType local, BtfType target) => Match(local, target, behindPointer: false, MaxLevel);

    private static bool? Match(BtfType local, BtfType target, bool behindPointer, int level)
    {
        if (level <= 0)
        {
            return null;
        }

        for (var depth = 0; depth < MaxChain; depth++)
        {
            local = local.Resolve();
            target = target.Resolve();
            if (!NamesMatch(local.Name, target.Name))
            {
                return false;
            }

            switch (local)
            {
                case BtfVoid:
                    return target is BtfVoid;
                case BtfForward forward:
                    return target switch
                    {
                        BtfForward other => forward.IsUnion == other.IsUnion,
                        BtfStruct type => behindPointer && forward.IsUnion == type.IsUnion,
                        _ => false,
                    };
                case BtfEnum choice:
                    return target is BtfEnum values && EnumsMatch(choice, values);
                case BtfStruct type when behindPointer:
                    return target switch
                    {
                        BtfStruct other => type.IsUnion == other.IsUnion,
                        BtfForward other => type.IsUnion == other.IsUnion,
                        _ => false,
                    };
                case BtfStruct type:
                    return target is BtfStruct same && type.IsUnion == same.IsUnion ? StructsMatch(type, same, level) : false;
                case BtfInt number:
                    return target is BtfInt integer && number.Size == integer.Size && number.IsSigned == integer.IsSigned;
                case BtfPointer pointer when target is BtfPointer other:
                    behindPointer = true;
                    (local, target) = (pointer.Target, other.Target);
                    break;
                case BtfArray array when target is BtfArray other && array.Length == other.Length:
                    (local, target) = (array.Element, other.Element);
                    break;
                case BtfFunctionPrototype prototype when target is BtfFunctionPrototype other && prototype.Parameters.Count == other.Parameters.Count:
                    for (var i = 0; i < prototype.Parameters.Count; i++)
                    {
                        var parameter = Match(prototype.Parameters[i].Type, other.Parameters[i].Type, behindPointer, level - 1);
                        if (parameter != true)
                        {
                            return parameter;
                        }
                    }

                    (local, target) = (prototype.Result, other.Result);
                    break;
                default:
                    return false;
            }
        }

        return null;
    }

    private static bool? StructsMatch(BtfStruct local, BtfStruct target, int level)
    {
        if (local.Members.Count > target.Members.Count)
        {
            return false;
        }

        foreach (var member in local.Members)
        {
            var found = false;
            foreach (var other in target.Members)
            {
                if (NamesMatch(member.Name, other.Name))
                {
                    var same = Match(member.Type, other.Type, behindPointer: false, level - 1);
                    if (same is null)
                    {
                        return null;
                    }

                    if (same.Value)
                    {
                        found = true;
                        break;
                    }
                }
            }

            if (!found)
            {
                return false;
            }
        }

        return true;
    }

    private static bool EnumsMatch(BtfEnum local, BtfEnum target)
    {
        if (local.Size != target.Size || local.Values.Count > target.Values.Count)
        {
            return false;
        }

        var names = target.Values.Select(v => CoreNames.Essential(v.Name)).ToHashSet(StringComparer.Ordinal);
        return local.Values.All(v => names.Contains(CoreNames.Essential(v.Name)));
    }

    private static bool NamesMatch(string local, string target) => CoreNames.AreSame(local, target);

    // 32-bit and 64-bit enums count as one kind.
    private static bool KindsAreCompatible(BtfType local, BtfType target) => local.Kind == target.Kind || local is BtfEnum && target is BtfEnum;
}
