using System.Collections.Immutable;
using System.Reflection.Metadata;

namespace Bee.Architecture.Tests;

/// <summary>Decodes signatures into the types that they name.</summary>
internal sealed class TypeNames(MetadataReader metadata) : ISignatureTypeProvider<IReadOnlyList<TypeId>, object?>
{
    /// <summary>A type that stands in the metadata: its full name, and all types that it is made of.</summary>
    public (string Name, IReadOnlyList<TypeId> All) Of(EntityHandle handle)
    {
        var types = handle.Kind switch
        {
            HandleKind.TypeDefinition => [Outermost((TypeDefinitionHandle)handle)],
            HandleKind.TypeReference => [Outermost((TypeReferenceHandle)handle)],
            _ => metadata.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(this, null),
        };
        return (types.Count > 0 ? types[0].ToString() : "", types);
    }

    /// <summary>The type around which nothing else stands.</summary>
    public TypeId Outermost(TypeDefinitionHandle handle)
    {
        var type = metadata.GetTypeDefinition(handle);
        while (type.GetDeclaringType() is { IsNil: false } outer)
        {
            type = metadata.GetTypeDefinition(outer);
        }

        return new TypeId(metadata.GetString(type.Namespace), metadata.GetString(type.Name));
    }

    public IReadOnlyList<TypeId> GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) => [Outermost(handle)];

    public IReadOnlyList<TypeId> GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => [Outermost(handle)];

    public IReadOnlyList<TypeId> GetTypeFromSpecification(MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) =>
        reader.GetTypeSpecification(handle).DecodeSignature(this, genericContext);

    public IReadOnlyList<TypeId> GetArrayType(IReadOnlyList<TypeId> elementType, ArrayShape shape) => elementType;

    public IReadOnlyList<TypeId> GetByReferenceType(IReadOnlyList<TypeId> elementType) => elementType;

    public IReadOnlyList<TypeId> GetPinnedType(IReadOnlyList<TypeId> elementType) => elementType;

    public IReadOnlyList<TypeId> GetPointerType(IReadOnlyList<TypeId> elementType) => elementType;

    public IReadOnlyList<TypeId> GetSZArrayType(IReadOnlyList<TypeId> elementType) => elementType;

    public IReadOnlyList<TypeId> GetGenericInstantiation(IReadOnlyList<TypeId> genericType, ImmutableArray<IReadOnlyList<TypeId>> typeArguments) =>
        [.. genericType, .. typeArguments.SelectMany(argument => argument)];

    public IReadOnlyList<TypeId> GetModifiedType(IReadOnlyList<TypeId> modifier, IReadOnlyList<TypeId> unmodifiedType, bool isRequired) => [.. unmodifiedType, .. modifier];

    public IReadOnlyList<TypeId> GetFunctionPointerType(MethodSignature<IReadOnlyList<TypeId>> signature) => [.. signature.ReturnType, .. signature.ParameterTypes.SelectMany(parameter => parameter)];

    public IReadOnlyList<TypeId> GetGenericMethodParameter(object? genericContext, int index) => [];

    public IReadOnlyList<TypeId> GetGenericTypeParameter(object? genericContext, int index) => [];

    public IReadOnlyList<TypeId> GetPrimitiveType(PrimitiveTypeCode typeCode) => [];

    private TypeId Outermost(TypeReferenceHandle handle)
    {
        var type = metadata.GetTypeReference(handle);
        while (type.ResolutionScope.Kind == HandleKind.TypeReference)
        {
            type = metadata.GetTypeReference((TypeReferenceHandle)type.ResolutionScope);
        }

        return new TypeId(metadata.GetString(type.Namespace), metadata.GetString(type.Name));
    }
}
