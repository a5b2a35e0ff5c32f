using System.Collections;
using System.Management.Automation;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;

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
            if (PlainValue.Of(entry.Value) is not { } value)
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
        ParameterDescription? found = file.Parameters.FirstOrDefault(parameter => parameter.Name == name) ?? file.Parameters.FirstOrDefault(parameter => parameter.Key == name);
        if (found is not null)
        {
            return found;
        }

        // C distinguishes case and people at a prompt seldom do: accepted as long as it is clear.
        ParameterDescription[] alike = [.. file.Parameters.Where(p => p.Name.Equals(name, StringComparison.OrdinalIgnoreCase) || p.Key.Equals(name, StringComparison.OrdinalIgnoreCase))];
        return alike.Length == 1 ? alike[0] : throw new BeeInputException(
            "ParameterNotFound",
            file.Parameters.Count == 0
                ? $"{file.Name} has no parameters, so '{name}' cannot be set."
                : $"There is no parameter '{name}' in {file.Name}. Its parameters: {string.Join(", ", file.Parameters.Select(p => $"{p.Key} ({p.TypeName})"))}.",
            "Parameters are the program's const volatile globals.");
    }
}
