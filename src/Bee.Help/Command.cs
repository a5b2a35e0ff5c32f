using System.Reflection;

namespace Bee.Help;

/// <summary>A parameter in one parameter set.</summary>
internal sealed record ParameterUse(string Name, string TypeName, string Set, bool Mandatory, int? Position, bool ByValue, bool ByPropertyName, bool Wildcards, IReadOnlyList<string> Aliases)
{
    public const string AllSets = "__AllParameterSets";

    public bool IsIn(string set) => Set == AllSets || Set == set;

    public bool IsSwitch => TypeName == "SwitchParameter";
}

/// <summary>A cmdlet as its attributes declare it. The attributes are read as metadata, so no code of the engine runs.</summary>
internal sealed record Command(string Verb, string Noun, IReadOnlyList<string> Sets, IReadOnlyList<ParameterUse> Uses)
{
    private static readonly string[] s_confirming = ["WhatIf", "Confirm"];

    public string Name => $"{Verb}-{Noun}";

    /// <summary>The parameters without duplicates, each as in its first parameter set.</summary>
    public IEnumerable<ParameterUse> Parameters => Uses.DistinctBy(use => use.Name);

    public static IEnumerable<Command> AllOf(Assembly assembly)
        => assembly.GetExportedTypes().Select(Read).OfType<Command>().OrderBy(command => command.Name, StringComparer.Ordinal);

    private static Command? Read(Type type)
    {
        if (type.IsAbstract || Find(type, "CmdletAttribute") is not [var cmdlet])
        {
            return null;
        }

        var uses = new List<ParameterUse>();
        foreach (PropertyInfo property in Ordered(type))
        {
            uses.AddRange(Find(property, "ParameterAttribute").Select(parameter => Use(property, parameter)));
        }

        if (Named(cmdlet, "SupportsShouldProcess") is true)
        {
            uses.AddRange(s_confirming.Select(name =>
                new ParameterUse(name, "SwitchParameter", ParameterUse.AllSets, false, null, false, false, false, name == "WhatIf" ? ["wi"] : ["cf"])));
        }

        string[] sets = [.. uses.Select(use => use.Set).Where(set => set != ParameterUse.AllSets).Distinct()];
        string first = Named(cmdlet, "DefaultParameterSetName") as string ?? string.Empty;
        return new Command(
            (string)cmdlet.ConstructorArguments[0].Value!,
            (string)cmdlet.ConstructorArguments[1].Value!,
            sets.Length == 0 ? [ParameterUse.AllSets] : [.. sets.OrderBy(set => set != first)],
            uses);
    }

    // The most derived class comes first, so that the cmdlet's own parameters precede inherited ones.
    private static IEnumerable<PropertyInfo> Ordered(Type type)
    {
        var levels = new List<Type>();
        for (Type? level = type; level is not null && level.Assembly == type.Assembly; level = level.BaseType)
        {
            levels.Add(level);
        }

        return levels.SelectMany(level => level.GetProperties(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly));
    }

    private static ParameterUse Use(PropertyInfo property, CustomAttributeData parameter) => new(
        property.Name,
        TypeName(property.PropertyType),
        Named(parameter, "ParameterSetName") as string ?? ParameterUse.AllSets,
        Named(parameter, "Mandatory") is true,
        Named(parameter, "Position") as int?,
        Named(parameter, "ValueFromPipeline") is true,
        Named(parameter, "ValueFromPipelineByPropertyName") is true,
        Find(property, "SupportsWildcardsAttribute").Length > 0,
        [.. Find(property, "AliasAttribute").SelectMany(alias => (IEnumerable<CustomAttributeTypedArgument>)alias.ConstructorArguments[0].Value!).Select(name => (string)name.Value!)]);

    private static string TypeName(Type type)
        => type.IsArray ? $"{TypeName(type.GetElementType()!)}[]" : (Nullable.GetUnderlyingType(type) ?? type).Name;

    private static CustomAttributeData[] Find(MemberInfo member, string attribute)
        => [.. member.GetCustomAttributesData().Where(data => data.AttributeType.Name == attribute)];

    private static object? Named(CustomAttributeData data, string name)
        => data.NamedArguments.FirstOrDefault(argument => argument.MemberName == name).TypedValue.Value;
}
