@_exported public import RotationModel
