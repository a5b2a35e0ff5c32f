using System.Reflection;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Bee.Architecture.Tests;

/// <summary>One type that uses another one. Nested types and those that the compiler makes count as the type that they are in.</summary>
/// <param name="From">The namespace and name of the user.</param>
/// <param name="To">The namespace and name of the used.</param>
public readonly record struct Use(TypeId From, TypeId To);

/// <summary>A type by its names.</summary>
/// <param name="Namespace">The namespace; empty for what the compiler adds.</param>
/// <param name="Name">The name without the namespace.</param>
public readonly record struct TypeId(string Namespace, string Name)
{
    /// <summary>The full name.</summary>
    public override string ToString() => $"{Namespace}.{Name}";
}

/// <summary>
/// Reads which types an assembly's types use, from its metadata (ECMA-335): base types, interfaces, constraints, attributes, signatures of members and local variables, and every token
/// in the code of its methods.
/// </summary>
public sealed class AssemblyUses : IDisposable
{
    private static readonly OperandType[] s_oneByte = new OperandType[256], s_twoBytes = new OperandType[256];

    private readonly PEReader _file;
    private readonly MetadataReader _metadata;
    private readonly TypeNames _names;

    static AssemblyUses()
    {
        Array.Fill(s_oneByte, OperandType.InlineNone);
        Array.Fill(s_twoBytes, OperandType.InlineNone);
        foreach (var code in typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (OpCode)field.GetValue(null)!))
        {
            (code.Size == 1 ? s_oneByte : s_twoBytes)[code.Value & 0xFF] = code.OperandType;
        }
    }

    /// <summary>Opens an assembly beside this one.</summary>
    /// <param name="assembly">Its name without the extension.</param>
    public AssemblyUses(string assembly)
    {
        _file = new PEReader(File.OpenRead(Path.Combine(AppContext.BaseDirectory, assembly + ".dll")));
        _metadata = _file.GetMetadataReader();
        _names = new TypeNames(_metadata);
    }

    /// <summary>The outermost types that the assembly defines.</summary>
    public IEnumerable<TypeId> Types => _metadata.TypeDefinitions.Select(handle => _names.Outermost(handle)).Distinct();

    /// <summary>Every use of one type by another one, once.</summary>
    public IReadOnlySet<Use> Uses()
    {
        var uses = new HashSet<Use>();
        foreach (var handle in _metadata.TypeDefinitions)
        {
            var from = _names.Outermost(handle);
            foreach (var to in UsedBy(_metadata.GetTypeDefinition(handle)))
            {
                if (to != from)
                {
                    uses.Add(new Use(from, to));
                }
            }
        }

        return uses;
    }

    /// <summary>The native functions that the assembly imports, as <c>library!function</c>, one for each declaration.</summary>
    public IEnumerable<string> Imports() =>
        from handle in _metadata.MethodDefinitions
        let import = _metadata.GetMethodDefinition(handle).GetImport()
        where !import.Module.IsNil
        select $"{_metadata.GetString(_metadata.GetModuleReference(import.Module).Name)}!{_metadata.GetString(import.Name)}";

    /// <summary>The base type of each type, by full name.</summary>
    public IEnumerable<(string Type, string Base)> Bases() =>
        from handle in _metadata.TypeDefinitions
        let type = _metadata.GetTypeDefinition(handle)
        where !type.BaseType.IsNil
        select (_names.Of(handle).Name, _names.Of(type.BaseType).Name);

    /// <summary>The names of the assemblies that it refers to.</summary>
    public IEnumerable<string> References() => _metadata.AssemblyReferences.Select(handle => _metadata.GetString(_metadata.GetAssemblyReference(handle).Name));

    /// <summary>The text literals of its code.</summary>
    public IEnumerable<string> Literals()
    {
        for (var handle = MetadataTokens.UserStringHandle(1); !handle.IsNil; handle = _metadata.GetNextHandle(handle))
        {
            yield return _metadata.GetUserString(handle);
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    private IEnumerable<TypeId> UsedBy(TypeDefinition type)
    {
        var used = new List<TypeId>();
        Add(type.BaseType, used);
        foreach (var implemented in type.GetInterfaceImplementations())
        {
            Add(_metadata.GetInterfaceImplementation(implemented).Interface, used);
        }

        Constraints(type.GetGenericParameters(), used);
        Attributes(type.GetCustomAttributes(), used);
        foreach (var handle in type.GetFields())
        {
            var field = _metadata.GetFieldDefinition(handle);
            used.AddRange(field.DecodeSignature(_names, null));
            Attributes(field.GetCustomAttributes(), used);
        }

        foreach (var handle in type.GetProperties())
        {
            var property = _metadata.GetPropertyDefinition(handle);
            Signature(property.DecodeSignature(_names, null), used);
            Attributes(property.GetCustomAttributes(), used);
        }

        foreach (var handle in type.GetMethods())
        {
            var method = _metadata.GetMethodDefinition(handle);
            Signature(method.DecodeSignature(_names, null), used);
            Constraints(method.GetGenericParameters(), used);
            Attributes(method.GetCustomAttributes(), used);
            if (method.RelativeVirtualAddress != 0)
            {
                Body(_file.GetMethodBody(method.RelativeVirtualAddress), used);
            }
        }

        return used;
    }

    private void Body(MethodBodyBlock body, List<TypeId> used)
    {
        if (!body.LocalSignature.IsNil)
        {
            foreach (var local in _metadata.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(_names, null))
            {
                used.AddRange(local);
            }
        }

        foreach (var region in body.ExceptionRegions.Where(region => region.Kind == ExceptionRegionKind.Catch))
        {
            Add(region.CatchType, used);
        }

        var code = body.GetILReader();
        while (code.RemainingBytes > 0)
        {
            var first = code.ReadByte();
            var operand = first == 0xFE ? s_twoBytes[code.ReadByte()] : s_oneByte[first];
            switch (operand)
            {
                case OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType or OperandType.InlineSig:
                    Add(MetadataTokens.EntityHandle(code.ReadInt32()), used);
                    break;
                case OperandType.InlineSwitch:
                    // Read first: += takes the offset from before.
                    var targets = code.ReadInt32();
                    code.Offset += targets * sizeof(int);
                    break;
                default:
                    code.Offset += SizeOf(operand);
                    break;
            }
        }
    }

    private static int SizeOf(OperandType operand) => operand switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        _ => 4,
    };

    private void Add(EntityHandle handle, List<TypeId> used)
    {
        if (handle.IsNil)
        {
            return;
        }

        switch (handle.Kind)
        {
            case HandleKind.TypeDefinition or HandleKind.TypeReference or HandleKind.TypeSpecification:
                used.AddRange(_names.Of(handle).All);
                break;
            case HandleKind.MethodDefinition:
                used.Add(_names.Outermost(_metadata.GetMethodDefinition((MethodDefinitionHandle)handle).GetDeclaringType()));
                break;
            case HandleKind.FieldDefinition:
                used.Add(_names.Outermost(_metadata.GetFieldDefinition((FieldDefinitionHandle)handle).GetDeclaringType()));
                break;
            case HandleKind.MemberReference:
                var member = _metadata.GetMemberReference((MemberReferenceHandle)handle);
                Add(member.Parent, used);
                break;
            case HandleKind.MethodSpecification:
                var generic = _metadata.GetMethodSpecification((MethodSpecificationHandle)handle);
                Add(generic.Method, used);
                foreach (var argument in generic.DecodeSignature(_names, null))
                {
                    used.AddRange(argument);
                }

                break;
            case HandleKind.StandaloneSignature:
                Signature(_metadata.GetStandaloneSignature((StandaloneSignatureHandle)handle).DecodeMethodSignature(_names, null), used);
                break;
        }
    }

    private void Constraints(GenericParameterHandleCollection parameters, List<TypeId> used)
    {
        foreach (var constraint in parameters.SelectMany(handle => _metadata.GetGenericParameter(handle).GetConstraints()))
        {
            Add(_metadata.GetGenericParameterConstraint(constraint).Type, used);
        }
    }

    private void Attributes(CustomAttributeHandleCollection attributes, List<TypeId> used)
    {
        foreach (var handle in attributes)
        {
            Add(_metadata.GetCustomAttribute(handle).Constructor, used);
        }
    }

    private static void Signature(MethodSignature<IReadOnlyList<TypeId>> signature, List<TypeId> used)
    {
        used.AddRange(signature.ReturnType);
        foreach (var parameter in signature.ParameterTypes)
        {
            used.AddRange(parameter);
        }
    }
}
