using System.Collections;
using System.Management.Automation;
using Bee.Ebpf;

namespace Bee.Cmdlets;

/// <summary>Values for a program's parameters, as a hashtable gives them.</summary>
internal static class ParameterValues
{
    /// <summary>Checks the names, and takes PowerShell's wrapping off the values.</summary>
    /// <exception cref="BeeInputException">A name is not one of the program's parameters, or a value is null.</exception>
    /// <exception cref="BpfParameterException">A value has the wrong type or does not fit.</exception>
    public static IReadOnlyDictionary<string, object?> From(IDictionary? given, ObjectFile file)
    {
        var values = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in given ?? new Hashtable())
        {
            string name = LanguagePrimitives.ConvertTo<string>(entry.Key);
            ParameterDescription parameter = Find(name, file);
            if (Unwrap(entry.Value) is not { } value)
            {
                throw new BeeInputException("BadParameter", $"The parameter {parameter.Name} ({parameter.TypeName}) was given no value.");
            }

            ParameterEncoder.Encode(parameter, value);
            values[parameter.Name] = value;
        }

        return values;
    }

    private static ParameterDescription Find(string name, ObjectFile file)
    {
        ParameterDescription? found = file.Parameters.FirstOrDefault(parameter => parameter.Name == name);
        if (found is not null)
        {
            return found;
        }

        // C distinguishes case and people at a prompt seldom do: accepted as long as it is clear.
        ParameterDescription[] alike = [.. file.Parameters.Where(p => p.Name.Equals(name, StringComparison.OrdinalIgnoreCase))];
        return alike.Length == 1 ? alike[0] : throw new BeeInputException(
            "ParameterNotFound",
            file.Parameters.Count == 0
                ? $"{file.Name} has no parameters, so '{name}' cannot be set."
                : $"There is no parameter '{name}' in {file.Name}. Its parameters: {string.Join(", ", file.Parameters.Select(p => $"{p.Name} ({p.TypeName})"))}.",
            "Parameters are the program's const volatile globals.",
            missing: true);
    }

    private static object? Unwrap(object? value)
    {
        if (value is PSObject wrapped)
        {
            // A custom object has no object inside; its properties are a struct's fields.
            value = wrapped.BaseObject is PSCustomObject ? Fields(wrapped) : wrapped.BaseObject;
        }

        return value switch
        {
            IDictionary fields => Fields(fields),
            object[] items => Array.ConvertAll(items, Unwrap),
            SwitchParameter given => given.IsPresent,
            _ => value,
        };
    }

    private static Dictionary<string, object?> Fields(PSObject custom)
        => custom.Properties.ToDictionary(property => property.Name, property => Unwrap(property.Value));

    private static Dictionary<string, object?> Fields(IDictionary given)
    {
        var fields = new Dictionary<string, object?>();
        foreach (DictionaryEntry entry in given)
        {
            fields[LanguagePrimitives.ConvertTo<string>(entry.Key)] = Unwrap(entry.Value);
        }

        return fields;
    }
}
